// Reading request bodies with simdjson: what the dialects' readers have in common. For .cc files alone.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

namespace archestra::simulator {

/// Keeps its buffers from one body to the next. One thread.
class BodyParser {
 public:
  /// The document, if it is an object; valid until the next call.
  std::optional<simdjson::dom::element> parse(std::string_view body);

 private:
  simdjson::dom::parser parser_;
  std::string padded_;  // simdjson reads past the end
};

using JsonLookup = simdjson::simdjson_result<simdjson::dom::element>;

std::string_view text_or(JsonLookup element, std::string_view otherwise);
bool is_true(JsonLookup element);
/// A number, or `otherwise` where there is none or it is negative.
std::uint64_t number_or(JsonLookup element, std::uint64_t otherwise);
/// How many members an array has; 0 for anything else.
std::size_t members_of(JsonLookup element);
/// A JSON object with a value for each property that a tool's schema declares.
std::string made_arguments(JsonLookup schema);

}  // namespace archestra::simulator
