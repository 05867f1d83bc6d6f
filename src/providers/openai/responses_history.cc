#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "providers/json_view.h"
#include "providers/openai/call_items.h"
#include "providers/openai/result_content.h"
#include "providers/openai/tool_history.h"

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = View::Kind;

// What the history of the responses operation is made of.
struct Item {
  View type;
  View id;
  View role;
  View call_id;
  View name;
  View output;
  View tools;
  View execution;
};

std::optional<Item> read_item(View object) {
  Item item;
  if (!object.is(Kind::kObject)) return std::nullopt;
  if (!object.pick({{"type", &item.type},
                    {"id", &item.id},
                    {"role", &item.role},
                    {"call_id", &item.call_id},
                    {"name", &item.name},
                    {"output", &item.output},
                    {"tools", &item.tools},
                    {"execution", &item.execution}}))
    return std::nullopt;
  if (!item.type.is(Kind::kNull) && !item.type.is(Kind::kString)) return std::nullopt;
  return item;
}

// Whether an item stands for others that are not here: it names one, or is what the provider made of many.
bool stands_for_others(const Item& item) {
  if (item.type.is(Kind::kNull)) return item.id.is(Kind::kString) && item.role.is(Kind::kNull);
  return item.type.is_string("item_reference") || item.type.is_string("compaction");
}

void add_name(const std::string& name, std::vector<std::string>& names) {
  if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
}

class ResponsesHistory {
 public:
  explicit ResponsesHistory(std::string_view body) : body_(body) {}

  std::optional<ToolHistory> read(View root) {
    View input;
    View previous;
    View conversation;
    if (!root.is(Kind::kObject)) return std::nullopt;
    if (!root.pick({{"input", &input}, {"previous_response_id", &previous}, {"conversation", &conversation}}))
      return std::nullopt;
    if (input.is(Kind::kObject) || input.is(Kind::kNumber) || input.is(Kind::kBool)) return std::nullopt;
    history_.is_complete = previous.is(Kind::kNull) && conversation.is(Kind::kNull);
    std::vector<Item> items;
    for (const View element : input.elements()) {
      const std::optional<Item> item = read_item(element);
      if (!item) return std::nullopt;
      history_.is_complete &= !stands_for_others(*item);
      note_call(*item);
      items.push_back(*item);
    }
    for (const Item& item : items)
      if (!read_result(item)) return std::nullopt;
    return std::move(history_);
  }

 private:
  void note_call(const Item& item) {
    if (!item.type.is_string("function_call") && !item.type.is_string("custom_tool_call")) return;
    add_name(item.name.text(), names_[item.call_id.text()]);
  }

  bool read_result(const Item& item) {
    const std::string type = item.type.text();
    if (type == "tool_search_output") return item.execution.is_string("server") || read_search(item);
    if (!type.ends_with("_call_output")) return true;
    ToolResult& result = history_.results.emplace_back();
    const std::string_view built_in = built_in_tool(type);
    if (!built_in.empty()) {
      result.tools.emplace_back(built_in);
    } else if (const auto called = names_.find(item.call_id.text()); called != names_.end()) {
      result.tools = called->second;
    }
    // An output may say of which tool it is.
    add_name(item.name.text(), result.tools);
    if (type == "shell_call_output" && item.output.is(Kind::kArray)) return read_shell(item, result);
    if (type == "computer_call_output" && !item.output.is(Kind::kNull)) {
      result.has_opaque = true;
      add_place(item.output, body_, "", "", result);
      return true;
    }
    return add_content(item.output, body_, result);
  }

  // What a search found are declarations of tools; one may stand in their place whose description is a text.
  bool read_search(const Item& item) {
    ToolResult& result = history_.results.emplace_back();
    result.tools.emplace_back("tool_search");
    if (item.tools.is(Kind::kNull)) return true;
    result.contents.emplace_back(item.tools.raw());
    add_place(item.tools, body_, R"([{"type":"custom","name":"blocked","description":)", "}]", result);
    return true;
  }

  // What each command wrote.
  bool read_shell(const Item& item, ToolResult& result) {
    for (const View command : item.output.elements()) {
      View out;
      View err;
      if (!command.is(Kind::kObject) || !command.pick({{"stdout", &out}, {"stderr", &err}})) return false;
      for (const View text : {out, err})
        if (!text.text().empty()) result.contents.push_back(text.text());
    }
    add_place(item.output, body_, R"([{"stdout":)",
              R"(,"stderr":"","outcome":{"type":"exit","exit_code":0}}])", result);
    return true;
  }

  const std::string_view body_;
  ToolHistory history_;
  std::map<std::string, std::vector<std::string>, std::less<>> names_;
};

}  // namespace

ToolHistory responses_history(std::string_view body, std::size_t slack) {
  const auto root = View::parse(body, slack);
  auto history = root ? ResponsesHistory(body).read(*root) : std::nullopt;
  return history ? *std::move(history) : ToolHistory{.is_readable = false, .results = {}};
}

}  // namespace archestra::providers::openai
