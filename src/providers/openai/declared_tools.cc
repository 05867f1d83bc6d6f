#include "providers/openai/declared_tools.h"

#include <string>

#include "providers/json_view.h"
#include "providers/openai/call_items.h"

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = View::Kind;
using Tools = std::vector<model::DeclaredTool>;

void add_named(View declaration, Tools& tools) {
  View name;
  View description;
  View parameters;
  if (!declaration.pick({{"name", &name}, {"description", &description}, {"parameters", &parameters}}))
    return;
  if (name.text().empty()) return;
  tools.push_back({.name = name.text(),
                   .description = description.text(),
                   .parameters = parameters.is(Kind::kObject) ? std::string(parameters.raw()) : ""});
}

// Those of a hosted shell and a search of the provider's own are not the client's.
bool is_run_by_client(std::string_view tool, View declaration) {
  View execution;
  View environment;
  View where;
  if (!declaration.pick({{"execution", &execution}, {"environment", &environment}})) return false;
  if (!environment.pick({{"type", &where}})) return false;
  if (tool == "tool_search") return execution.is_string("client");
  return tool != "shell" || !where.text().starts_with("container");
}

void add_tool(View tool, Tools& tools) {
  View type;
  View function;
  View custom;
  View nested;
  if (!tool.pick({{"type", &type}, {"function", &function}, {"custom", &custom}, {"tools", &nested}})) return;
  const std::string kind = type.text();
  if (function.is(Kind::kObject)) return add_named(function, tools);
  if (custom.is(Kind::kObject)) return add_named(custom, tools);
  if (kind == "function" || kind == "custom") return add_named(tool, tools);
  if (kind == "namespace") {
    for (const View inner : nested.elements()) {
      View inner_type;
      if (inner.pick({{"type", &inner_type}}) &&
          (inner_type.is_string("function") || inner_type.is_string("custom")))
        add_named(inner, tools);
    }
    return;
  }
  const std::string_view built_in = built_in_tool(kind);
  if (!built_in.empty() && is_run_by_client(built_in, tool))
    tools.push_back({.name = std::string(built_in), .description = {}, .parameters = {}});
}

}  // namespace

Tools declared_tools(std::string_view body, std::size_t slack) {
  Tools tools;
  View list;
  View functions;
  const auto root = View::parse(body, slack);
  if (!root || !root->pick({{"tools", &list}, {"functions", &functions}})) return tools;
  for (const View tool : list.elements()) add_tool(tool, tools);
  for (const View function : functions.elements()) add_named(function, tools);
  return tools;
}

}  // namespace archestra::providers::openai
