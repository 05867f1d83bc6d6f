#include <string>
#include <utility>

#include "providers/openai/content.h"

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = ContentPart::Kind;

void add_texts(ContentList& list, Kind kind, View parts) {
  for (const View part : parts.elements()) {
    View text;
    if (part.pick({{"text", &text}}) && text.is(View::Kind::kString)) list.add_text(kind, text);
  }
}

void add_item(ContentList& list, View item) {
  View type;
  View role;
  View content;
  View call_id;
  View name;
  View arguments;
  View input;
  View output;
  View summary;
  if (!item.is(View::Kind::kObject) || !item.pick({{"type", &type},
                                                   {"role", &role},
                                                   {"content", &content},
                                                   {"call_id", &call_id},
                                                   {"name", &name},
                                                   {"arguments", &arguments},
                                                   {"input", &input},
                                                   {"output", &output},
                                                   {"summary", &summary}}))
    return;
  const std::string kind = type.text();
  if (kind.empty() || kind == "message") {
    const std::string said = role.text();
    list.begin_message(content_role(said));
    add_content_parts(list, content);
  } else if (kind.ends_with("_output")) {
    list.begin_message("tool");
    add_tool_response(list, call_id, output);
  } else if (kind == "function_call" || kind == "custom_tool_call") {
    list.begin_message("assistant");
    list.add_value({.kind = Kind::kToolCall, .is_json = true, .id = call_id.text(), .name = name.text()},
                   kind == "function_call" ? arguments : input);
  } else {
    list.begin_message("assistant");
    if (kind != "reasoning") return list.add({.kind = Kind::kOther, .name = kind});
    add_texts(list, Kind::kReasoning, summary);
    add_texts(list, Kind::kReasoning, content);
  }
}

}  // namespace

RequestContent responses_request_content(std::string_view body, std::size_t slack, ContentBounds bounds) {
  RequestContent content(bounds);
  View instructions;
  View input;
  View tools;
  const auto root = View::parse(body, slack);
  if (!root || !root->pick({{"instructions", &instructions}, {"input", &input}, {"tools", &tools}}))
    return content;
  if (instructions.is(View::Kind::kString)) {
    content.system.begin_message("system");
    content.system.add_text(Kind::kText, instructions);
  }
  if (input.is(View::Kind::kString)) {
    content.input.begin_message("user");
    content.input.add_text(Kind::kText, input);
  }
  for (const View item : input.elements()) add_item(content.input, item);
  add_tool_definitions(content, tools, {});
  return content;
}

}  // namespace archestra::providers::openai
