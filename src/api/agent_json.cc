#include "api/agent_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "agents/label_rules.h"
#include "api/body_fields.h"
#include "api/label_json.h"
#include "base/json_text.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;
using std::string_view;

Fault read_agent_labels(const dom::element& value, std::optional<std::vector<model::Label>>& out) {
  dom::array array;
  if (!value.get_array().get(array))
    if (const auto bad = agents::label_count_fault(array.size())) return BodyFault{*bad};
  std::vector<model::Label> labels;
  if (auto bad = read_labels(value, labels)) return bad;
  if (const auto bad = agents::labels_fault(labels, metric_names())) return BodyFault{*bad};
  out = std::move(labels);
  return std::nullopt;
}

Fault read_seconds(const dom::object& object, std::chrono::seconds& out) {
  constexpr string_view kName = "onClientDisconnect.seconds";
  dom::element given;
  if (object.at_key("seconds").get(given))
    return fault("\"{}\" is missing: how long to drain, {} to {}.", kName, kDrainMin.count(),
                 kDrainMax.count());
  std::int64_t seconds = 0;
  if (given.get_int64().get(seconds) || seconds < kDrainMin.count() || seconds > kDrainMax.count())
    return fault("\"{}\" must be a whole number from {} to {}.", kName, kDrainMin.count(), kDrainMax.count());
  out = std::chrono::seconds(seconds);
  return std::nullopt;
}

Fault read_disconnect(const dom::element& value, std::optional<model::OnClientDisconnect>& out) {
  static constexpr string_view kFields[] = {"action", "seconds"};
  constexpr string_view kAction = "onClientDisconnect.action";
  dom::object object;
  if (value.get_object().get(object))
    return wrong_type("onClientDisconnect", R"({"action":"cancel"} or {"action":"drain","seconds":30})",
                      value);
  if (auto bad = check_fields(object, "onClientDisconnect", kFields)) return bad;
  dom::element given;
  std::string action;
  if (object.at_key("action").get(given)) return fault("\"{}\" is missing: cancel or drain.", kAction);
  if (auto bad = read_string(kAction, given, action)) return bad;
  model::OnClientDisconnect disconnect;
  if (action == "drain") {
    disconnect.action = model::OnClientDisconnect::Action::kDrain;
    if (auto bad = read_seconds(object, disconnect.drain)) return bad;
  } else if (action != "cancel") {
    return fault("\"{}\" must be cancel or drain.", kAction);
  } else if (!object.at_key("seconds").error()) {
    return fault("\"onClientDisconnect.seconds\" goes with the action drain only.");
  }
  out = disconnect;
  return std::nullopt;
}

Fault read_name(const dom::element& value, std::optional<std::string>& out) {
  std::string name;
  if (auto bad = read_string("name", value, name)) return bad;
  if (auto bad = agents::name_fault(name)) return BodyFault{*bad};
  out = std::move(name);
  return std::nullopt;
}

Fault read_field(string_view field, const dom::element& value, AgentFields& fields) {
  if (field == "name") return read_name(value, fields.name);
  if (field == "labels") return read_agent_labels(value, fields.labels);
  if (field == "considerContextUntrusted") return read_bool(field, value, fields.consider_context_untrusted);
  if (field == "denyToolsInUntrustedContext")
    return read_bool(field, value, fields.deny_tools_in_untrusted_context);
  if (field == "captureContent") return read_bool(field, value, fields.capture_content);
  return read_disconnect(value, fields.on_client_disconnect);
}

}  // namespace

std::variant<AgentFields, BodyFault> read_agent(string_view body) {
  static constexpr string_view kFields[] = {"name",
                                            "labels",
                                            "considerContextUntrusted",
                                            "denyToolsInUntrustedContext",
                                            "onClientDisconnect",
                                            "captureContent"};
  dom::parser parser;
  dom::object object;
  if (auto bad = read_object(parser, body, "an agent", kFields, object)) return *std::move(bad);
  AgentFields fields;
  for (const auto& [key, value] : object)
    if (auto bad = read_field(key, value, fields)) return *std::move(bad);
  return fields;
}

void AgentFields::apply_to(model::Agent& agent) const {
  if (name) agent.name = *name;
  if (labels) agent.labels = *labels;
  model::AgentSettings& settings = agent.settings;
  settings.consider_context_untrusted =
      consider_context_untrusted.value_or(settings.consider_context_untrusted);
  settings.deny_tools_in_untrusted_context =
      deny_tools_in_untrusted_context.value_or(settings.deny_tools_in_untrusted_context);
  settings.capture_content = capture_content.value_or(settings.capture_content);
  settings.on_client_disconnect = on_client_disconnect.value_or(settings.on_client_disconnect);
}

void append_agent(std::string& out, const model::Agent& agent) {
  const auto key = [&out](string_view name) {
    out += name;
    out += ':';
  };
  const auto boolean = [&](string_view name, bool value) {
    key(name);
    out += value ? "true," : "false,";
  };
  key(R"({"id")");
  base::append_json_string(out, agent.id_text);
  key(R"(,"name")");
  base::append_json_string(out, agent.name);
  out += ',';
  boolean(R"("isDefault")", agent.is_default);
  key(R"("labels")");
  out += '[';
  for (const model::Label& label : agent.labels) {
    if (out.back() != '[') out += ',';
    key(R"({"key")");
    base::append_json_string(out, label.key);
    key(R"(,"value")");
    base::append_json_string(out, label.value);
    out += '}';
  }
  out += "],";
  boolean(R"("considerContextUntrusted")", agent.settings.consider_context_untrusted);
  boolean(R"("denyToolsInUntrustedContext")", agent.settings.deny_tools_in_untrusted_context);
  key(R"("onClientDisconnect")");
  const model::OnClientDisconnect& disconnect = agent.settings.on_client_disconnect;
  if (disconnect.action == model::OnClientDisconnect::Action::kDrain)
    fmt::format_to(std::back_inserter(out), R"({{"action":"drain","seconds":{}}},)",
                   disconnect.drain.count());
  else
    out += R"({"action":"cancel"},)";
  boolean(R"("captureContent")", agent.settings.capture_content);
  key(R"("createdAt")");
  out += '"';
  base::append_iso_time(out, agent.created);
  key(R"(","updatedAt")");
  out += '"';
  base::append_iso_time(out, agent.updated);
  out += "\"}";
}

}  // namespace archestra::api
