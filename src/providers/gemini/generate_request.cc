#include "providers/gemini/generate.h"
#include "providers/json.h"

namespace archestra::providers::gemini {
namespace {

using json::ondemand::array;
using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

// Calls `visit` with the objects of a list; a lone object is a list of one.
template <class Visit>
void for_each_object(value list, Visit visit) {
  array items;
  object item;
  if (json::is_object(list)) {
    if (!list.get_object().get(item)) visit(item);
    return;
  }
  if (list.get_array().get(items)) return;
  for (auto element : items) {
    if (element.get_object().get(item)) return;
    visit(item);
  }
}

}  // namespace

std::uint32_t count_function_responses(std::string_view body, std::size_t slack) {
  json::ondemand::document document;
  if (json::read(body, slack).get(document)) return 0;
  std::uint32_t count = 0;
  const auto read_part = [&](object part) {
    json::for_each_member(part, [&](raw_json_string key, value member) {
      // JSON of protocol buffers may name a field either way (ProtoJSON).
      if (key == "functionResponse" || key == "function_response") count += json::is_object(member) ? 1 : 0;
    });
  };
  const auto read_content = [&](object content) {
    json::for_each_member(content, [&](raw_json_string key, value member) {
      if (key == "parts") for_each_object(member, read_part);
    });
  };
  const bool is_whole = json::for_each_root_member(document, [&](raw_json_string key, value member) {
    if (key == "contents") for_each_object(member, read_content);
  });
  return is_whole ? count : 0;
}

}  // namespace archestra::providers::gemini
