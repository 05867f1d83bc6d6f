#include "providers/json.h"

namespace archestra::providers::json {

simdjson::simdjson_result<ondemand::document> read(std::string_view text, std::size_t slack) {
  thread_local ondemand::parser parser;
  thread_local std::string padded;
  if (slack >= simdjson::SIMDJSON_PADDING)
    return parser.iterate(simdjson::padded_string_view(text.data(), text.size(), text.size() + slack));
  // A large text is not kept for ever.
  if (padded.capacity() > (std::size_t{1} << 20)) padded = {};
  padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(text);
  return parser.iterate(simdjson::padded_string_view(padded.data(), padded.size(), padded.capacity()));
}

std::optional<std::string_view> as_string(ondemand::value value) {
  std::string_view text;
  if (value.get_string().get(text)) return std::nullopt;
  return text;
}

std::optional<std::uint64_t> as_count(ondemand::value value) {
  std::uint64_t number = 0;
  if (value.get_uint64().get(number)) return std::nullopt;
  return number;
}

bool is_object(ondemand::value& value) {
  ondemand::json_type type{};
  return !value.type().get(type) && type == ondemand::json_type::object;
}

}  // namespace archestra::providers::json
