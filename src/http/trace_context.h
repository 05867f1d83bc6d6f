// W3C Trace Context level 2: the traceparent field.
#pragma once

#include <optional>
#include <string_view>

#include "base/ids.h"

namespace archestra::http {

struct Traceparent {
  base::TraceId trace_id;
  base::SpanId parent_id;
  bool sampled = false;
  bool random = false;
};

/// Version 00 exactly, later versions by their first four fields; anything else is as if it were absent.
std::optional<Traceparent> parse_traceparent(std::string_view value);

/// Writes the 55 characters of version 00 to `out`.
inline constexpr std::size_t kTraceparentBytes = 55;
void write_traceparent(const Traceparent& value, char* out);

}  // namespace archestra::http
