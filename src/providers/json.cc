#include "providers/json.h"

#include <algorithm>
#include <functional>

#include "base/memory_reserve.h"

namespace archestra::providers::json {
namespace {

constexpr std::size_t kKeptBytesMax = std::size_t{1} << 20;

// A text that there is no memory for is as one that cannot be read. simdjson looks whether it got most of
// what it asked for, and writes into the rest unseen.
simdjson::simdjson_result<ondemand::document> iterate(ondemand::parser& parser,
                                                      simdjson::padded_string_view text) {
  const base::WithoutMemoryAside without;
  auto document = parser.iterate(text);
  if (without.has_refused()) return simdjson::MEMALLOC;
  return document;
}

}  // namespace

simdjson::simdjson_result<ondemand::document> read(std::string_view text, std::size_t slack) {
  thread_local ondemand::parser parser;
  thread_local std::string padded;
  // What a large text took, some six times its size, is not kept for ever.
  if (parser.capacity() > kKeptBytesMax) parser = ondemand::parser();
  if (padded.capacity() > kKeptBytesMax) padded = {};
  // simdjson takes a closing bracket behind the text for a reason to look whether the text is balanced. So
  // that no text is judged by what follows it, that byte is never one. An empty text may be nowhere at all.
  if (slack >= simdjson::SIMDJSON_PADDING && !text.empty() && text.data()[text.size()] != '}')
    return iterate(parser, simdjson::padded_string_view(text.data(), text.size(), text.size() + slack));
  padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(text);
  return iterate(parser, simdjson::padded_string_view(padded.data(), padded.size(), padded.capacity()));
}

const char* begin_of(ondemand::document& document, std::string_view text) {
  const char* first_token = nullptr;
  if (document.current_location().get(first_token)) return nullptr;
  return first_token - text.find_first_not_of(" \t\r\n");
}

bool is_read_to_its_end(ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
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

std::optional<std::int64_t> as_integer(ondemand::value value) {
  std::int64_t number = 0;
  if (value.get_int64().get(number)) return std::nullopt;
  return number;
}

std::optional<double> as_real(ondemand::value value) {
  double number = 0;
  if (value.get_double().get(number)) return std::nullopt;
  return number;
}

namespace {

bool is_of(ondemand::value& value, ondemand::json_type wanted) {
  ondemand::json_type type{};
  return !value.type().get(type) && type == wanted;
}

}  // namespace

bool is_object(ondemand::value& value) { return is_of(value, ondemand::json_type::object); }
bool is_string(ondemand::value& value) { return is_of(value, ondemand::json_type::string); }

bool is_null(ondemand::value& value) {
  bool yes = false;
  return !value.is_null().get(yes) && yes;
}

bool is_true(ondemand::value value) {
  bool flag = false;
  return !value.get_bool().get(flag) && flag;
}

std::uint64_t hash_of_text(ondemand::value value) {
  std::string_view text;
  ondemand::array array;
  ondemand::object object;
  if (is_object(value)) {
    if (value.get_object().get(object) || object.raw_json().get(text)) return 0;
  } else if (value.get_array().get(array) || array.raw_json().get(text)) {
    return 0;
  }
  return std::max<std::uint64_t>(std::hash<std::string_view>()(text), 1);
}

bool has_escapes(ondemand::raw_json_string key) {
  const char* at = key.raw();
  while (*at != '"' && *at != '\\') ++at;
  return *at == '\\';
}

}  // namespace archestra::providers::json
