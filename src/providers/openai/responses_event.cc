#include "providers/openai/responses_event.h"

#include <algorithm>
#include <utility>

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = View::Kind;

// Beyond what any response has.
constexpr std::uint64_t kIndexMax = std::uint64_t{1} << 20;

bool is_absent_or(Kind kind, View value) { return value.is(Kind::kNull) || value.is(kind); }

}  // namespace

std::optional<std::vector<OutputItem>> read_output(View response) {
  View output;
  if (!response.is(Kind::kObject) || !response.pick({{"output", &output}})) return std::nullopt;
  if (!is_absent_or(Kind::kArray, output)) return std::nullopt;
  std::vector<OutputItem> items;
  for (const View element : output.elements()) {
    std::optional<OutputItem> item = read_output_item(element);
    if (!item) return std::nullopt;
    items.push_back(*std::move(item));
  }
  return items;
}

std::optional<ResponsesEvent> read_responses_event(View root) {
  ResponsesEvent event;
  View type;
  View number;
  View output_index;
  View item_id;
  View item;
  View delta;
  View arguments;
  View input;
  View name;
  if (!root.is(Kind::kObject)) return std::nullopt;
  if (!root.pick({{"type", &type},
                  {"sequence_number", &number},
                  {"output_index", &output_index},
                  {"item_id", &item_id},
                  {"item", &item},
                  {"response", &event.response},
                  {"delta", &delta},
                  {"arguments", &arguments},
                  {"input", &input},
                  {"name", &name}}))
    return std::nullopt;
  for (const View text : {type, item_id, name})
    if (!is_absent_or(Kind::kString, text)) return std::nullopt;
  event.type = type.text();
  event.number = number.as_count();
  event.output_index = output_index.as_count();
  if (!event.output_index && !output_index.is(Kind::kNull)) return std::nullopt;
  if (event.output_index > kIndexMax) return std::nullopt;
  event.item_id = item_id.text();
  event.delta = delta.as_string();
  event.arguments = arguments.as_string();
  event.input = input.as_string();
  event.name = name.text();
  if (!item.is(Kind::kNull)) {
    event.item = read_output_item(item);
    if (!event.item) return std::nullopt;
  }
  if (!event.response.is(Kind::kNull)) {
    std::optional<std::vector<OutputItem>> output = read_output(event.response);
    if (!output) return std::nullopt;
    event.output = *std::move(output);
  }
  return event;
}

bool may_be_of_call(std::string_view type) {
  constexpr std::string_view kFront = "response.";
  constexpr std::string_view kProviders[] = {
      "web_search_call",       "file_search_call", "code_interpreter_call",
      "image_generation_call", "mcp_call",         "shell_call_output"};
  if (!type.starts_with(kFront) || !type.contains("_call")) return false;
  const std::string_view rest = type.substr(kFront.size());
  return std::ranges::none_of(kProviders, [&](std::string_view own) { return rest.starts_with(own); });
}

bool is_closing(std::string_view type) {
  return type == "response.completed" || type == "response.incomplete" || type == "response.failed";
}

}  // namespace archestra::providers::openai
