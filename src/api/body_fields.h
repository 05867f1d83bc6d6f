// Reading the JSON body of a write: an object whose fields are all known, each at most once and of its type.
// Pure functions over simdjson's DOM, for the .cc files of api/ alone.
#pragma once

#include <fmt/format.h>
#include <simdjson.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answers.h"

namespace archestra::api {

using Fault = std::optional<BodyFault>;

template <class... Arguments>
BodyFault fault(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return {fmt::format(format, std::forward<Arguments>(arguments)...)};
}

/// "a list", "an object"...: what a value is, for a person.
std::string_view kind_of(const simdjson::dom::element& value);
BodyFault wrong_type(std::string_view field, std::string_view wanted, const simdjson::dom::element& value);

/// Whether an object says nothing that is not known, and nothing twice. `what` is in the message: "an agent".
Fault check_fields(simdjson::dom::object object, std::string_view what,
                   std::span<const std::string_view> known);

/// Parses a body of such an object, which lives as long as the parser.
Fault read_object(simdjson::dom::parser& parser, std::string_view body, std::string_view what,
                  std::span<const std::string_view> known, simdjson::dom::object& out);

Fault read_string(std::string_view field, const simdjson::dom::element& value, std::string& out);
Fault read_bool(std::string_view field, const simdjson::dom::element& value, std::optional<bool>& out);

}  // namespace archestra::api
