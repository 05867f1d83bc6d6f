#include <string>

#include "providers/openai/content.h"

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = ContentPart::Kind;

void add_call(ContentList& list, View id, View named, std::string_view arguments_name) {
  View name;
  View arguments;
  if (!named.is(View::Kind::kObject) || !named.pick({{"name", &name}, {arguments_name, &arguments}})) return;
  list.add_value({.kind = Kind::kToolCall, .is_json = true, .id = id.text(), .name = name.text()}, arguments);
}

void add_calls(ContentList& list, View calls, View legacy) {
  for (const View call : calls.elements()) {
    View id;
    View function;
    View custom;
    if (!call.pick({{"id", &id}, {"function", &function}, {"custom", &custom}})) continue;
    add_call(list, id, function, "arguments");
    add_call(list, id, custom, "input");
  }
  add_call(list, {}, legacy, "arguments");
}

void add_message(ContentList& list, View message) {
  View role;
  View name;
  View content;
  View reasoning;
  View refusal;
  View tool_calls;
  View function_call;
  View tool_call_id;
  if (!message.is(View::Kind::kObject) || !message.pick({{"role", &role},
                                                         {"name", &name},
                                                         {"content", &content},
                                                         {"reasoning_content", &reasoning},
                                                         {"refusal", &refusal},
                                                         {"tool_calls", &tool_calls},
                                                         {"function_call", &function_call},
                                                         {"tool_call_id", &tool_call_id}}))
    return;
  const std::string said = role.text();
  list.begin_message(content_role(said), name.text());
  if (content_role(said) == "tool") return add_tool_response(list, tool_call_id, content);
  if (reasoning.is(View::Kind::kString)) list.add_text(Kind::kReasoning, reasoning);
  add_content_parts(list, content);
  if (refusal.is(View::Kind::kString)) list.add_text(Kind::kRefusal, refusal);
  add_calls(list, tool_calls, function_call);
}

// Of the older completions: one text or several.
void add_prompt(ContentList& list, View prompt) {
  if (prompt.is(View::Kind::kNull)) return;
  list.begin_message("user");
  if (!prompt.is(View::Kind::kArray)) return list.add_text(Kind::kText, prompt);
  for (const View text : prompt.elements())
    if (text.is(View::Kind::kString)) list.add_text(Kind::kText, text);
}

}  // namespace

RequestContent chat_request_content(std::string_view body, std::size_t slack, ContentBounds bounds) {
  RequestContent content(bounds);
  View messages;
  View prompt;
  View tools;
  View functions;
  const auto root = View::parse(body, slack);
  if (!root ||
      !root->pick(
          {{"messages", &messages}, {"prompt", &prompt}, {"tools", &tools}, {"functions", &functions}}))
    return content;
  for (const View message : messages.elements()) add_message(content.input, message);
  add_prompt(content.input, prompt);
  add_tool_definitions(content, tools, functions);
  return content;
}

}  // namespace archestra::providers::openai
