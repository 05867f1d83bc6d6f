#include <string>
#include <utility>

#include "providers/anthropic/content.h"
#include "providers/json_view.h"

namespace archestra::providers::anthropic {
namespace {

using json::View;
using Kind = ContentPart::Kind;

void add_block(ContentList& list, View block);

void add_source(ContentList& list, std::string_view kind, View source) {
  View type;
  View media_type;
  View data;
  View url;
  View file_id;
  View content;
  if (!source.pick({{"type", &type},
                    {"media_type", &media_type},
                    {"data", &data},
                    {"url", &url},
                    {"file_id", &file_id},
                    {"content", &content}}))
    return;
  if (type.is_string("base64"))
    list.add(blob_part(kind, media_type.text_up_to(256), data));
  else if (type.is_string("url"))
    list.add(media_part(kind, url, list.bounds().text_bytes_max));
  else if (type.is_string("file"))
    list.add({.kind = Kind::kFile, .text = file_id.text(), .modality = std::string(kind)});
  else if (type.is_string("text"))
    list.add_text(Kind::kText, data);
  else
    for (const View block : content.elements()) add_block(list, block);
}

void add_result(ContentList& list, View id, View content) {
  ContentPart part{.kind = Kind::kToolResponse, .id = id.text()};
  if (content.is(View::Kind::kArray)) return list.add_response(std::move(part), content, add_block);
  list.add_value(std::move(part), content);
}

void add_block(ContentList& list, View block) {
  View type;
  View text;
  View thinking;
  View id;
  View name;
  View input;
  View tool_use_id;
  View content;
  View source;
  if (!block.pick({{"type", &type},
                   {"text", &text},
                   {"thinking", &thinking},
                   {"id", &id},
                   {"name", &name},
                   {"input", &input},
                   {"tool_use_id", &tool_use_id},
                   {"content", &content},
                   {"source", &source}}))
    return;
  const std::string kind = type.text();
  if (kind == "text")
    list.add_text(Kind::kText, text);
  else if (kind == "thinking")
    list.add_text(Kind::kReasoning, thinking);
  else if (kind == "tool_use")
    list.add_value({.kind = Kind::kToolCall, .is_json = true, .id = id.text(), .name = name.text()}, input);
  else if (kind == "tool_result")
    add_result(list, tool_use_id, content);
  else if (kind == "image" || kind == "document")
    add_source(list, kind, source);
  else
    list.add({.kind = Kind::kOther, .name = kind});
}

// A message of results is the tool's.
std::string_view role_of(std::string_view role, View content) {
  View type;
  for (const View block : content.elements())
    return block.pick({{"type", &type}}) && type.is_string("tool_result") ? "tool" : role;
  return role;
}

void add_blocks(ContentList& list, View content) {
  if (content.is(View::Kind::kString)) return list.add_text(Kind::kText, content);
  for (const View block : content.elements()) add_block(list, block);
}

}  // namespace

RequestContent read_request_content(std::string_view body, std::size_t slack, ContentBounds bounds) {
  RequestContent read(bounds);
  View system;
  View messages;
  View tools;
  const auto root = View::parse(body, slack);
  if (!root || !root->pick({{"system", &system}, {"messages", &messages}, {"tools", &tools}})) return read;
  if (!system.is(View::Kind::kNull)) {
    read.system.begin_message("system");
    add_blocks(read.system, system);
  }
  for (const View message : messages.elements()) {
    View role;
    View content;
    if (!message.pick({{"role", &role}, {"content", &content}})) continue;
    const std::string said = role.text();
    read.input.begin_message(role_of(said, content));
    add_blocks(read.input, content);
  }
  for (const View tool : tools.elements()) {
    View type;
    View name;
    if (!tool.pick({{"type", &type}, {"name", &name}})) continue;
    const std::string kind = type.text_up_to(256);
    read.add_tool(kind.empty() || kind == "custom" ? "function" : kind, name);
  }
  return read;
}

}  // namespace archestra::providers::anthropic
