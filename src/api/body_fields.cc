#include "api/body_fields.h"

#include <algorithm>

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;
using std::string_view;

constexpr std::size_t kDepthMax = 16;  // an agent needs 3
constexpr std::size_t kShownMax = 8;   // of the unknown fields of one object

// A client's own word, as it goes into a message.
string_view shown(string_view text) {
  std::size_t end = std::min<std::size_t>(text.size(), 64);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

Fault json_fault(simdjson::error_code error) {
  switch (error) {
    case simdjson::SUCCESS:
      return std::nullopt;
    case simdjson::EMPTY:
      return BodyFault{"The body is empty; a JSON object is needed."};
    case simdjson::DEPTH_ERROR:
      return fault("The body is nested deeper than {} levels.", kDepthMax);
    case simdjson::UTF8_ERROR:
      return BodyFault{"The body is not valid UTF-8."};
    default:
      return BodyFault{"The body is not valid JSON."};
  }
}

}  // namespace

string_view kind_of(const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::ARRAY:
      return "a list";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "a boolean";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

BodyFault wrong_type(string_view field, string_view wanted, const dom::element& value) {
  return fault("\"{}\" must be {}, not {}.", field, wanted, kind_of(value));
}

Fault check_fields(dom::object object, string_view what, std::span<const string_view> known) {
  std::vector<string_view> unknown;
  std::vector<string_view> seen;
  for (const auto& [key, value] : object) {
    if (std::ranges::find(known, key) == known.end()) {
      if (unknown.size() < kShownMax) unknown.push_back(shown(key));
      continue;
    }
    if (std::ranges::find(seen, key) != seen.end()) return fault("\"{}\" occurs twice in {}.", key, what);
    seen.push_back(key);
  }
  if (unknown.empty()) return std::nullopt;
  return fault("\"{}\" {} of {} that can be set. These can: {}.", fmt::join(unknown, "\", \""),
               unknown.size() == 1 ? "is no field" : "are no fields", what, fmt::join(known, ", "));
}

Fault read_object(dom::parser& parser, string_view body, string_view what, std::span<const string_view> known,
                  dom::object& out) {
  // simdjson counts the root as a level of its own.
  auto error = parser.allocate(std::max<std::size_t>(body.size(), 64), kDepthMax + 1);
  dom::element root;
  if (!error) error = parser.parse(body.data(), body.size()).get(root);
  if (auto bad = json_fault(error)) return bad;
  if (root.get_object().get(out)) return fault("The body must be a JSON object, not {}.", kind_of(root));
  return check_fields(out, what, known);
}

Fault read_string(string_view field, const dom::element& value, std::string& out) {
  string_view text;
  if (value.get_string().get(text)) return wrong_type(field, "a string", value);
  out = text;
  return std::nullopt;
}

Fault read_bool(string_view field, const dom::element& value, std::optional<bool>& out) {
  bool is_true = false;
  if (value.get_bool().get(is_true)) return wrong_type(field, "true or false", value);
  out = is_true;
  return std::nullopt;
}

}  // namespace archestra::api
