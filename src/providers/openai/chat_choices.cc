#include "providers/openai/chat_choices.h"

#include <utility>

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = View::Kind;

bool is_absent_or(Kind kind, View value) { return value.is(Kind::kNull) || value.is(kind); }

// Arguments are a text in which there is JSON. Some servers send the JSON itself.
std::string text_of(View arguments) {
  if (arguments.is(Kind::kNull)) return {};
  return arguments.as_string().value_or(std::string(arguments.raw()));
}

// {"name":...,"arguments":...}, or with "input" where the tool is a custom one.
bool read_named(View object, bool is_custom, CallPart part, std::vector<CallPart>& parts) {
  View name;
  View arguments;
  if (!object.is(Kind::kObject)) return false;
  if (!object.pick({{"name", &name}, {is_custom ? "input" : "arguments", &arguments}})) return false;
  if (!is_absent_or(Kind::kString, name)) return false;
  part.name = name.text();
  part.arguments = text_of(arguments);
  part.is_input = is_custom;
  parts.push_back(std::move(part));
  return true;
}

bool read_call(View call, std::vector<CallPart>& parts) {
  View index;
  View id;
  View type;
  View function;
  View custom;
  if (!call.is(Kind::kObject)) return false;
  if (!call.pick(
          {{"index", &index}, {"id", &id}, {"type", &type}, {"function", &function}, {"custom", &custom}}))
    return false;
  if (!is_absent_or(Kind::kString, id)) return false;
  CallPart part{.index = index.as_count(), .id = id.text(), .name = {}, .arguments = {}};
  if (!part.index && !index.is(Kind::kNull)) return false;
  const bool is_function = !function.is(Kind::kNull);
  const bool is_custom = !custom.is(Kind::kNull);
  if (is_function && !read_named(function, false, part, parts)) return false;
  if (is_custom && !read_named(custom, true, part, parts)) return false;
  if (!is_function && !is_custom) parts.push_back(std::move(part));
  return true;
}

// A text, or a list of parts as some servers send it; not "", [] or null.
bool is_text(View content) {
  return !content.is(Kind::kNull) && content.raw() != "\"\"" &&
         !(content.is(Kind::kArray) && content.elements().begin() == content.elements().end());
}

// A delta or a message.
bool read_message(View message, ChoicePart& choice, std::vector<CallPart>& parts) {
  View content;
  View tool_calls;
  View function_call;
  if (!is_absent_or(Kind::kObject, message)) return false;
  if (!message.pick({{"content", &content}, {"tool_calls", &tool_calls}, {"function_call", &function_call}}))
    return false;
  choice.has_text |= is_text(content);
  if (!is_absent_or(Kind::kArray, tool_calls)) return false;
  for (const View call : tool_calls.elements())
    if (!read_call(call, parts)) return false;
  if (function_call.is(Kind::kNull)) return true;
  return read_named(function_call, false,
                    {.index = {}, .is_legacy = true, .id = {}, .name = {}, .arguments = {}}, parts);
}

std::optional<ChoicePart> read_choice(View object, std::uint64_t place) {
  View index;
  View delta;
  View message;
  View finish_reason;
  if (!object.is(Kind::kObject)) return std::nullopt;
  if (!object.pick(
          {{"index", &index}, {"delta", &delta}, {"message", &message}, {"finish_reason", &finish_reason}}))
    return std::nullopt;
  if (!is_absent_or(Kind::kString, finish_reason)) return std::nullopt;
  ChoicePart choice;
  choice.says_index = index.as_count().has_value();
  if (!choice.says_index && !index.is(Kind::kNull)) return std::nullopt;
  choice.index = index.as_count().value_or(place);
  choice.has_ended = finish_reason.is(Kind::kString);
  choice.ends_in_calls = finish_reason.is_string("tool_calls") || finish_reason.is_string("function_call");
  if (!read_message(delta, choice, choice.delta) || !read_message(message, choice, choice.message))
    return std::nullopt;
  return choice;
}

}  // namespace

std::optional<std::vector<ChoicePart>> read_choices(View root) {
  View list;
  if (!root.is(Kind::kObject) || !root.pick({{"choices", &list}}) || !is_absent_or(Kind::kArray, list))
    return std::nullopt;
  std::vector<ChoicePart> choices;
  for (const View element : list.elements()) {
    std::optional<ChoicePart> choice = read_choice(element, choices.size());
    if (!choice) return std::nullopt;
    choices.push_back(*std::move(choice));
  }
  return choices;
}

}  // namespace archestra::providers::openai
