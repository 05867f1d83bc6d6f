#include "api/tool_json.h"

#include <simdjson.h>

#include "api/body_fields.h"
#include "base/json_text.h"
#include "model/enum_names.h"
#include "policy/policy_rules.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;
using std::string_view;

bool is_utf8(string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

// Not within a character.
void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text.shrink_to_fit();
}

// "" where it is no JSON.
std::string minified(string_view text) {
  dom::parser parser;
  dom::element root;
  if (text.empty() || parser.parse(text.data(), text.size()).get(root)) return {};
  return simdjson::minify(root);
}

}  // namespace

std::variant<ToolFields, BodyFault> read_tool(string_view body) {
  static constexpr string_view kFields[] = {"resultTreatment", "usableWithUntrustedData"};
  dom::parser parser;
  dom::object object;
  if (auto bad = read_object(parser, body, "a tool", kFields, object)) return *std::move(bad);
  ToolFields fields;
  for (const auto& [key, value] : object) {
    if (key == "usableWithUntrustedData") {
      if (auto bad = read_bool(key, value, fields.usable_with_untrusted_data)) return *std::move(bad);
      continue;
    }
    std::string name;
    if (auto bad = read_string(key, value, name)) return *std::move(bad);
    fields.result_treatment = model::from_name<model::ResultTreatment>(model::kResultTreatmentNames, name);
    if (!fields.result_treatment)
      return fault("\"{}\" must be one of {}.", key, fmt::join(model::kResultTreatmentNames, ", "));
  }
  return fields;
}

void ToolFields::apply_to(model::ToolSettings& settings) const {
  settings.result_treatment = result_treatment.value_or(settings.result_treatment);
  settings.usable_with_untrusted_data =
      usable_with_untrusted_data.value_or(settings.usable_with_untrusted_data);
}

void append_tool(std::string& out, const model::Tool& tool, ToolDetail detail) {
  const auto member = [&out](string_view name, string_view text) {
    out += name;
    base::append_json_string(out, text);
  };
  member(R"({"id":)", tool.id.text());
  member(R"(,"agentId":)", tool.agent_id.text());
  member(R"(,"name":)", tool.declared.name);
  member(R"(,"description":)", tool.declared.description);
  if (detail == ToolDetail::kWhole) {
    // Looked into once more: another program may have written it.
    const std::string parameters = minified(tool.declared.parameters);
    out += R"(,"parameters":)";
    out += parameters.empty() ? "null" : parameters;
  }
  member(R"(,"resultTreatment":)",
         model::name_in(model::kResultTreatmentNames, tool.settings.result_treatment));
  out += R"(,"usableWithUntrustedData":)";
  out += tool.settings.usable_with_untrusted_data ? "true" : "false";
  out += R"(,"createdAt":")";
  base::append_iso_time(out, tool.created);
  out += R"(","updatedAt":")";
  base::append_iso_time(out, tool.updated);
  out += "\"}";
}

std::size_t cut_declared(std::vector<model::DeclaredTool>& tools) {
  std::erase_if(tools, [](const model::DeclaredTool& tool) {
    return tool.name.empty() || tool.name.size() > policy::kToolNameBytesMax;
  });
  if (tools.size() > kToolsOfAgentMax) tools.resize(kToolsOfAgentMax);
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (model::DeclaredTool& tool : tools) {
    cut(tool.description, kToolDescriptionBytesMax);
    if (tool.parameters.size() > kToolParametersBytesMax) tool.parameters = {};
    const std::size_t own = tool.name.size() + tool.description.size() + tool.parameters.size();
    if (bytes + own > kDeclaredBytesMax) break;
    bytes += own;
    ++kept;
  }
  tools.resize(kept);
  return bytes;
}

void clean_declared(std::vector<model::DeclaredTool>& tools) {
  std::erase_if(tools, [](const model::DeclaredTool& tool) { return !is_utf8(tool.name); });
  for (model::DeclaredTool& tool : tools) {
    if (!is_utf8(tool.description)) tool.description = {};
    tool.parameters = minified(tool.parameters);
  }
}

}  // namespace archestra::api
