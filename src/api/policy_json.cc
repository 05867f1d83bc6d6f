#include "api/policy_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <span>
#include <utility>

#include "api/body_fields.h"
#include "api/json_list.h"
#include "base/json_text.h"
#include "model/enum_names.h"
#include "policy/policy_rules.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;
using model::ToolInvocationPolicy;
using model::TrustedDataPolicy;
using std::string_view;

// --- Where the kinds differ

template <class Policy>
struct Kind;

template <>
struct Kind<ToolInvocationPolicy> {
  static constexpr string_view kWhat = "a tool invocation policy";
  static constexpr string_view kTextField = "reason";
  static constexpr string_view kFields[] = {"agentId", "tool", "conditions", "action", "reason", "mode"};
  static constexpr auto& kActions = model::kInvocationActionNames;
  static constexpr auto kText = &ToolInvocationPolicy::reason;
};

template <>
struct Kind<TrustedDataPolicy> {
  static constexpr string_view kWhat = "a trusted data policy";
  static constexpr string_view kTextField = "description";
  static constexpr string_view kFields[] = {"agentId", "tool", "conditions", "action", "description"};
  static constexpr auto& kActions = model::kTrustActionNames;
  static constexpr auto kText = &TrustedDataPolicy::description;
};

// --- Reading

template <class Enum, std::size_t N>
Fault read_name(string_view field, const dom::element& value, const std::array<string_view, N>& names,
                Enum& out) {
  std::string text;
  if (auto bad = read_string(field, value, text)) return bad;
  const auto found = model::from_name<Enum>(names, text);
  if (!found) return fault("\"{}\" must be one of {}.", field, fmt::join(names, ", "));
  out = *found;
  return std::nullopt;
}

Fault read_condition(std::size_t index, const dom::element& value, model::Condition& condition) {
  static constexpr string_view kFields[] = {"key", "operator", "value"};
  const std::string where = fmt::format("conditions[{}]", index);
  dom::object object;
  if (value.get_object().get(object))
    return wrong_type(where, "an object with key, operator and value", value);
  if (auto bad = check_fields(object, where, kFields)) return bad;
  for (const string_view field : kFields) {
    const std::string name = fmt::format("{}.{}", where, field);
    dom::element given;
    if (object.at_key(field).get(given)) return fault("\"{}\" is missing.", name);
    auto bad = field == "operator"
                   ? read_name(name, given, model::kOperatorNames, condition.op)
                   : read_string(name, given, field == "key" ? condition.key : condition.value);
    if (bad) return bad;
  }
  return std::nullopt;
}

Fault read_conditions(const dom::element& value, std::optional<std::vector<model::Condition>>& out) {
  dom::array array;
  if (value.get_array().get(array))
    return wrong_type("conditions", "a list of objects with key, operator and value", value);
  if (array.size() > policy::kConditionsMax)
    return fault("There are {} conditions; a policy may have {}.", array.size(), policy::kConditionsMax);
  std::vector<model::Condition>& conditions = out.emplace();
  for (const dom::element item : array) {
    const std::size_t index = conditions.size();
    if (auto bad = read_condition(index, item, conditions.emplace_back())) return bad;
  }
  return std::nullopt;
}

Fault read_agent_id(const dom::element& value, std::optional<std::optional<base::Uuid>>& out) {
  out.emplace();
  if (value.is_null()) return std::nullopt;
  string_view text;
  if (value.get_string().get(text))
    return wrong_type("agentId", "the id of an agent, or null for all agents", value);
  *out = base::Uuid::parse(text);
  if (!*out) return fault("\"agentId\" is not a UUID; null stands for all agents.");
  return std::nullopt;
}

template <class Policy>
Fault read_field(string_view field, const dom::element& value, PolicyFields<Policy>& fields) {
  if (field == "agentId") return read_agent_id(value, fields.agent_id);
  if (field == "conditions") return read_conditions(value, fields.conditions);
  if (field == "action") return read_name(field, value, Kind<Policy>::kActions, fields.action.emplace());
  if (field == "mode") return read_name(field, value, model::kPolicyModeNames, fields.mode.emplace());
  return read_string(field, value, field == "tool" ? fields.tool.emplace() : fields.text.emplace());
}

// --- Writing

void append_member(std::string& out, string_view name, string_view text) {
  out += name;
  base::append_json_string(out, text);
}

void append_time(std::string& out, string_view name, base::WallTime time) {
  out += name;
  out += '"';
  base::append_iso_time(out, time);
  out += '"';
}

// All but its end.
template <class Policy>
void append_fields(std::string& out, const Policy& policy) {
  append_member(out, R"({"id":)", policy.id.text());
  if (policy.agent_id)
    append_member(out, R"(,"agentId":)", policy.agent_id->text());
  else
    out += R"(,"agentId":null)";
  append_member(out, R"(,"tool":)", policy.tool);
  out += R"(,"conditions":)";
  append_list(out, policy.conditions, [](std::string& list, const model::Condition& condition) {
    append_member(list, R"({"key":)", condition.key);
    append_member(list, R"(,"operator":)", model::name_in(model::kOperatorNames, condition.op));
    append_member(list, R"(,"value":)", condition.value);
    list += '}';
  });
  append_member(out, R"(,"action":)", model::name_in(Kind<Policy>::kActions, policy.action));
  out += fmt::format(R"(,"{}":)", Kind<Policy>::kTextField);
  base::append_json_string(out, policy.*Kind<Policy>::kText);
}

template <class Policy>
void append_times(std::string& out, const Policy& policy) {
  append_time(out, R"(,"createdAt":)", policy.created);
  append_time(out, R"(,"updatedAt":)", policy.updated);
  out += '}';
}

}  // namespace

template <class Policy>
std::variant<PolicyFields<Policy>, BodyFault> read_policy(string_view body) {
  dom::parser parser;
  dom::object object;
  if (auto bad = read_object(parser, body, Kind<Policy>::kWhat, Kind<Policy>::kFields, object))
    return *std::move(bad);
  PolicyFields<Policy> fields;
  for (const auto& [key, value] : object)
    if (auto bad = read_field(key, value, fields)) return *std::move(bad);
  return fields;
}

template <class Policy>
void PolicyFields<Policy>::apply_to(Policy& policy) const {
  if (agent_id) policy.agent_id = *agent_id;
  if (tool) policy.tool = *tool;
  if (conditions) policy.conditions = *conditions;
  if (action) policy.action = *action;
  if (text) policy.*Kind<Policy>::kText = *text;
  if constexpr (requires { policy.mode; }) {
    if (mode) policy.mode = *mode;
  }
}

template struct PolicyFields<ToolInvocationPolicy>;
template struct PolicyFields<TrustedDataPolicy>;
template std::variant<PolicyFields<ToolInvocationPolicy>, BodyFault> read_policy(string_view body);
template std::variant<PolicyFields<TrustedDataPolicy>, BodyFault> read_policy(string_view body);

void append_policy(std::string& out, const ToolInvocationPolicy& policy) {
  append_fields(out, policy);
  append_member(out, R"(,"mode":)", model::name_in(model::kPolicyModeNames, policy.mode));
  append_times(out, policy);
}

void append_policy(std::string& out, const TrustedDataPolicy& policy) {
  append_fields(out, policy);
  append_times(out, policy);
}

}  // namespace archestra::api
