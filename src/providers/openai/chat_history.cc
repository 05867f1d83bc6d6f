#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "providers/json_view.h"
#include "providers/openai/result_content.h"
#include "providers/openai/tool_history.h"

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = View::Kind;

class ChatHistory {
 public:
  explicit ChatHistory(std::string_view body) : body_(body) {}

  std::optional<ToolHistory> read(View root) {
    View messages;
    if (!root.is(Kind::kObject) || !root.pick({{"messages", &messages}})) return std::nullopt;
    if (!messages.is(Kind::kNull) && !messages.is(Kind::kArray)) return std::nullopt;
    for (const View message : messages.elements())
      if (!read_calls(message)) return std::nullopt;
    ToolHistory history;
    for (const View message : messages.elements())
      if (!read_result(message, history)) return std::nullopt;
    return history;
  }

 private:
  // What an assistant's message calls, under the ids of the calls.
  bool read_calls(View message) {
    View calls;
    if (!message.is(Kind::kObject) || !message.pick({{"tool_calls", &calls}})) return false;
    if (!calls.is(Kind::kNull) && !calls.is(Kind::kArray)) return false;
    return std::ranges::all_of(calls.elements(), [this](View call) { return read_call(call); });
  }

  bool read_call(View call) {
    View id;
    View function;
    View custom;
    if (!call.is(Kind::kObject)) return false;
    if (!call.pick({{"id", &id}, {"function", &function}, {"custom", &custom}})) return false;
    for (const View named : {function, custom}) {
      View name;
      if (!named.pick({{"name", &name}})) return false;
      if (name.text().empty()) continue;
      std::vector<std::string>& names = names_[id.text()];
      if (std::ranges::find(names, name.text()) == names.end()) names.push_back(name.text());
    }
    return true;
  }

  bool read_result(View message, ToolHistory& history) const {
    View role;
    View content;
    View id;
    View name;
    if (!message.pick({{"role", &role}, {"content", &content}, {"tool_call_id", &id}, {"name", &name}}))
      return false;
    if (!role.is(Kind::kString)) return false;
    const bool is_function = role.is_string("function");
    if (!is_function && !role.is_string("tool")) return true;
    ToolResult& result = history.results.emplace_back();
    if (is_function) {
      if (!name.text().empty()) result.tools.push_back(name.text());
    } else if (const auto called = names_.find(id.text()); called != names_.end()) {
      result.tools = called->second;
    }
    return add_content(content, body_, result);
  }

  const std::string_view body_;
  std::map<std::string, std::vector<std::string>, std::less<>> names_;
};

}  // namespace

ToolHistory chat_history(std::string_view body, std::size_t slack) {
  const auto root = View::parse(body, slack);
  auto history = root ? ChatHistory(body).read(*root) : std::nullopt;
  return history ? *std::move(history) : ToolHistory{.is_readable = false, .results = {}};
}

}  // namespace archestra::providers::openai
