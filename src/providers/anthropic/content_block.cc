#include "providers/anthropic/content_block.h"

#include "base/json_text.h"

namespace archestra::providers::anthropic {

using json::View;

Block read_block(View block) {
  View type;
  View name;
  Block read;
  if (!block.is(View::Kind::kObject) ||
      !block.pick({{"type", &type}, {"name", &name}, {"input", &read.input}}))
    return {};
  const std::optional<std::string> type_text = type.as_string();
  if (!type_text) return {};
  if (*type_text == "server_tool_use" || *type_text == "mcp_tool_use") {
    read.kind = BlockKind::kServerTool;
  } else if (type_text->ends_with("tool_use")) {  // also one that is not known yet
    const std::optional<std::string> name_text = name.as_string();
    if (!name_text) return {};
    read.kind = BlockKind::kCall;
    read.name = *name_text;
  } else {
    read.kind = BlockKind::kOther;
  }
  return read;
}

void append_text_block(std::string& out, std::string_view text) {
  out += R"({"type":"text","text":)";
  base::append_json_string(out, text);
  out += '}';
}

void append_without_calls(std::string& out, View content, std::string_view refusal) {
  json::rewrite_array(content, out, [&refusal](View element, std::string& text) {
    if (read_block(element).kind != BlockKind::kCall) return json::Rewrite::kKeep;
    if (refusal.empty()) return json::Rewrite::kDrop;
    append_text_block(text, refusal);
    refusal = {};
    return json::Rewrite::kReplaced;
  });
}

}  // namespace archestra::providers::anthropic
