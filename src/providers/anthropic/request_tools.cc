#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "providers/anthropic/tools.h"
#include "providers/json_view.h"

namespace archestra::providers::anthropic {
namespace {

using json::View;

// Types behind whose name follows the date of a version. What they do, the provider does; what other types
// declare, the client has to do.
bool is_run_by_provider(std::string_view type) {
  constexpr std::array<std::string_view, 6> kKinds{"web_search",       "web_fetch", "code_execution",
                                                   "tool_search_tool", "advisor",   "mcp_toolset"};
  for (const std::string_view kind : kKinds)
    if (type.starts_with(kind)) return true;
  return false;
}

std::optional<model::DeclaredTool> read_tool(View tool) {
  View type;
  View name;
  View description;
  View schema;
  if (!tool.pick(
          {{"type", &type}, {"name", &name}, {"description", &description}, {"input_schema", &schema}}))
    return std::nullopt;
  std::optional<std::string> name_text = name.as_string();
  if (!name_text || name_text->empty() || is_run_by_provider(type.text())) return std::nullopt;
  return model::DeclaredTool{.name = std::move(*name_text),
                             .description = description.text(),
                             .parameters = std::string(schema.is(View::Kind::kObject) ? schema.raw() : "")};
}

// Reads the history of one request. What makes no sense ends it.
class HistoryReader {
 public:
  explicit HistoryReader(std::string_view body) : body_(body) {}

  ToolHistory read(View root) {
    View messages;
    history_.is_readable = root.is(View::Kind::kObject) && root.pick({{"messages", &messages}}) &&
                           is_list_or_null(messages) && read_messages(messages);
    if (!history_.is_readable) history_.results.clear();
    for (std::size_t i = 0; i < history_.results.size(); ++i)
      if (const auto named = names_.find(ids_[i]); named != names_.end())
        history_.results[i].tools = named->second;
    return std::move(history_);
  }

 private:
  static bool is_list_or_null(View value) {
    return value.is(View::Kind::kArray) || value.is(View::Kind::kNull);
  }

  bool read_messages(View messages) {
    for (const View message : messages.elements()) {
      View content;
      if (!message.is(View::Kind::kObject) || !message.pick({{"content", &content}})) return false;
      if (content.is(View::Kind::kString)) continue;
      if (!is_list_or_null(content)) return false;
      for (const View block : content.elements())
        if (!read_block(block)) return false;
    }
    return true;
  }

  bool read_block(View block) {
    View type;
    View id;
    View name;
    View result_of;
    View content;
    if (!block.is(View::Kind::kObject) || !block.pick({{"type", &type},
                                                       {"id", &id},
                                                       {"name", &name},
                                                       {"tool_use_id", &result_of},
                                                       {"content", &content}}))
      return false;
    const std::optional<std::string> type_text = type.as_string();
    if (!type_text) return false;
    if (*type_text == "tool_use") return note_call(id, name);
    return *type_text != "tool_result" || read_result(result_of, content);
  }

  bool note_call(View id, View name) {
    const std::optional<std::string> id_text = id.as_string();
    std::optional<std::string> name_text = name.as_string();
    if (!id_text || !name_text) return false;
    std::vector<std::string>& names = names_[*id_text];
    if (std::ranges::find(names, *name_text) == names.end()) names.push_back(std::move(*name_text));
    return true;
  }

  bool read_result(View result_of, View content) {
    std::optional<std::string> id = result_of.as_string();
    if (!id) return false;
    ids_.push_back(std::move(*id));
    ToolResult& result = history_.results.emplace_back();
    if (content.is(View::Kind::kNull)) return true;
    result.places.push_back({.offset = static_cast<std::size_t>(content.raw().data() - body_.data()),
                             .size = content.raw().size()});
    if (content.is(View::Kind::kString)) return add_text(content, result);
    if (!content.is(View::Kind::kArray)) return false;
    for (const View block : content.elements())
      if (!read_part(block, result)) return false;
    return true;
  }

  static bool read_part(View block, ToolResult& result) {
    View type;
    View text;
    if (!block.is(View::Kind::kObject) || !block.pick({{"type", &type}, {"text", &text}})) return false;
    if (type.is_string("text")) return add_text(text, result);
    result.has_opaque = true;
    add_texts_within(block, kLevels, result);
    return true;
  }

  static bool add_text(View text, ToolResult& result) {
    std::optional<std::string> read = text.as_string();
    if (!read) return false;
    result.contents.push_back(std::move(*read));
    return true;
  }

  // A document has a source, which may have content, which has blocks.
  static constexpr int kLevels = 4;

  // What a document or a search result has in texts, so that it can be looked at even though it is opaque.
  static void add_texts_within(View value, int levels, ToolResult& result) {
    View source;
    View content;
    View text;
    View data;
    View type;
    if (!value.pick(
            {{"source", &source}, {"content", &content}, {"text", &text}, {"data", &data}, {"type", &type}}))
      return;
    if (type.is_string("text") && data.is(View::Kind::kString)) text = data;
    for (const View each : {text, content})
      if (each.is(View::Kind::kString)) add_text(each, result);
    if (levels == 1) return;
    if (source.is(View::Kind::kObject)) add_texts_within(source, levels - 1, result);
    for (const View block : content.elements()) add_texts_within(block, levels - 1, result);
  }

  const std::string_view body_;
  ToolHistory history_;
  std::vector<std::string> ids_;                                     // of the calls that the results are of
  std::unordered_map<std::string, std::vector<std::string>> names_;  // of tools, by the ids of calls
};

}  // namespace

std::vector<model::DeclaredTool> read_declared_tools(std::string_view body, std::size_t slack) {
  const std::optional<View> root = View::parse(body, slack);
  View tools;
  std::vector<model::DeclaredTool> declared;
  if (!root || !root->pick({{"tools", &tools}})) return declared;
  for (const View tool : tools.elements())
    if (std::optional<model::DeclaredTool> read = read_tool(tool)) declared.push_back(std::move(*read));
  return declared;
}

ToolHistory read_tool_history(std::string_view body, std::size_t slack) {
  const std::optional<View> root = View::parse(body, slack);
  // A null has no history that could be read.
  return HistoryReader(body).read(root.value_or(View()));
}

}  // namespace archestra::providers::anthropic
