#include "providers/openai/call_items.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_text.h"

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = View::Kind;

// Their calls are the provider's own, or for the user to approve.
constexpr std::array<std::string_view, 5> kProvidersCalls{
    "web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call"};
constexpr std::array<std::string_view, 5> kBuiltIn{"computer", "local_shell", "shell", "apply_patch",
                                                   "tool_search"};

// Whether an item may be a call for the client: what is not known is.
bool may_be_call(const ItemKind& kind) {
  if (kind.type == "tool_search_call") return kind.execution != "server";
  if (kind.type == "shell_call") return is_call_to_client(kind);
  return kind.type.ends_with("_call") &&
         std::ranges::find(kProvidersCalls, kind.type) == kProvidersCalls.end();
}

std::string text_of(View arguments) {
  if (arguments.is(Kind::kNull)) return {};
  return arguments.as_string().value_or(std::string(arguments.raw()));
}

// The members that say what a built-in tool is to do, in an object of their own.
std::string object_of(std::initializer_list<std::pair<std::string_view, View>> members) {
  std::string object;
  for (const auto& [name, value] : members) {
    if (value.is(Kind::kNull)) continue;
    object.append(object.empty() ? "{\"" : ",\"").append(name).append("\":").append(value.raw());
  }
  return object.empty() ? object : object + "}";
}

}  // namespace

bool is_call_to_client(const ItemKind& kind) {
  if (kind.type == "tool_search_call") return kind.execution == "client";
  if (kind.type == "shell_call") return kind.environment != "container_reference";
  return kind.type == "function_call" || kind.type == "custom_tool_call" || kind.type == "computer_call" ||
         kind.type == "local_shell_call" || kind.type == "apply_patch_call";
}

std::string_view built_in_tool(std::string_view item_type) {
  if (item_type == "computer_use_preview" || item_type == "computer_use") return "computer";
  for (const std::string_view behind : {"_output", "_call"})
    if (item_type.ends_with(behind)) item_type.remove_suffix(behind.size());
  return std::ranges::find(kBuiltIn, item_type) != kBuiltIn.end() ? item_type : "";
}

std::optional<OutputItem> read_output_item(View item) {
  View type;
  View execution;
  View environment;
  View id;
  View name;
  View arguments;
  View input;
  View action;
  View actions;
  View operation;
  if (!item.is(Kind::kObject)) return std::nullopt;
  if (!item.pick({{"type", &type},
                  {"execution", &execution},
                  {"environment", &environment},
                  {"id", &id},
                  {"name", &name},
                  {"arguments", &arguments},
                  {"input", &input},
                  {"action", &action},
                  {"actions", &actions},
                  {"operation", &operation}}))
    return std::nullopt;
  View environment_type;
  if (!type.is(Kind::kString) || !environment.pick({{"type", &environment_type}})) return std::nullopt;
  const std::string types = type.text();
  const std::string where = environment_type.text();
  const std::string who = execution.text();
  OutputItem read{.is_call = may_be_call({types, who, where}), .id = id.text(), .name = {}, .arguments = {}};
  if (!read.is_call) return read;
  const std::string_view tool = built_in_tool(types);
  read.is_input = types == "custom_tool_call";
  if (!tool.empty()) {
    read.name = tool;
    read.arguments = tool == "tool_search"
                         ? text_of(arguments)
                         : object_of({{"action", action}, {"actions", actions}, {"operation", operation}});
  } else if (read.is_input || types == "function_call") {
    read.name = name.text();
    if (!read.is_input)
      read.arguments = text_of(arguments);
    else if (!input.is(Kind::kNull))
      base::append_json_string(read.arguments, text_of(input));
  } else {
    read.name = types;
    read.arguments = item.raw();
  }
  if (!name.is(Kind::kNull) && !name.is(Kind::kString)) return std::nullopt;
  return read;
}

}  // namespace archestra::providers::openai
