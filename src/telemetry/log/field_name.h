// What the log of calls calls its fields, in both forms it has.
#pragma once

#include <string_view>

namespace archestra::telemetry {

struct FieldName {
  std::string_view key;        ///< in a line
  std::string_view attribute;  ///< in a record over OTLP
};

/// What a line is about.
struct LineMessage {
  std::string_view text;
  std::string_view event_name;  ///< of a record over OTLP: the class of what happened
};

}  // namespace archestra::telemetry
