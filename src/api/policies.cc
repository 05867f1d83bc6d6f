#include "api/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "api/lists.h"
#include "api/policy_json.h"
#include "base/json_text.h"
#include "policy/policy_rules.h"

namespace archestra::api {
namespace {

using model::ToolInvocationPolicy;
using model::TrustedDataPolicy;

template <class Policy>
struct Kind;

template <>
struct Kind<ToolInvocationPolicy> {
  static constexpr std::string_view kPath = "/api/tool-invocation-policies";
  static constexpr std::string_view kNone = "There is no tool invocation policy with this id.";
  static constexpr auto kRows = &policy::PolicyRows::invocation;
  static constexpr auto kFault = policy::invocation_policy_fault;
  using Remove = store::RemoveInvocationPolicy;
};

template <>
struct Kind<TrustedDataPolicy> {
  static constexpr std::string_view kPath = "/api/trusted-data-policies";
  static constexpr std::string_view kNone = "There is no trusted data policy with this id.";
  static constexpr auto kRows = &policy::PolicyRows::trusted_data;
  static constexpr auto kFault = policy::trusted_data_policy_fault;
  using Remove = store::RemoveTrustedDataPolicy;
};

// What a store can keep.
base::WallTime now() { return std::chrono::floor<std::chrono::microseconds>(base::wall_now()); }

template <class Policy>
ServiceAnswer policy_answer(int status, const Policy& policy, std::string extra_fields = {}) {
  ServiceAnswer answer = json_answer(status, {});
  append_policy(answer.body, policy);
  answer.extra_fields = std::move(extra_fields);
  return answer;
}

// Which policies a list is to have.
struct Filter {
  std::optional<std::optional<base::Uuid>> agent_id;
  std::optional<std::string_view> tool;

  std::optional<std::string> read(const Query& query) {
    tool = query.find("tool");
    const auto agent = query.find("agentId");
    if (!agent) return std::nullopt;
    agent_id = base::Uuid::parse(*agent);
    if (!*agent_id && *agent != "null")
      return "The parameter agentId must be the id of an agent, or null for the policies of all agents.";
    return std::nullopt;
  }
  template <class Policy>
  bool takes(const Policy& policy) const {
    return (!agent_id || policy.agent_id == *agent_id) && (!tool || policy.tool == *tool);
  }
};

}  // namespace

template <class Policy>
const Policy* Policies<Policy>::find(const base::Uuid& id) const {
  const auto& rows = live_.rows().*Kind<Policy>::kRows;
  const auto found = std::ranges::find(rows, id, &Policy::id);
  return found == rows.end() ? nullptr : &*found;
}

template <class Policy>
std::optional<std::string> Policies<Policy>::fault(const Policy& policy) const {
  if (policy.agent_id && !agents_.has(*policy.agent_id)) return "\"agentId\" is the id of no agent.";
  return Kind<Policy>::kFault(policy);
}

template <class Policy>
ServiceAnswer Policies<Policy>::list(const Query& query) const {
  Page page;
  Sorting order{.by = Sorting::By::kCreated};
  Filter filter;
  if (const auto bad = query.fault({"limit", "offset", "sortBy", "sortDirection", "agentId", "tool"}))
    return invalid_request(*bad);
  if (const auto bad = page.read(query)) return invalid_request(*bad);
  if (const auto bad = order.read(query, "tool")) return invalid_request(*bad);
  if (const auto bad = filter.read(query)) return invalid_request(*bad);
  std::vector<const Policy*> found;
  for (const Policy& policy : live_.rows().*Kind<Policy>::kRows)
    if (filter.takes(policy)) found.push_back(&policy);
  std::ranges::sort(found, [&](const Policy* a, const Policy* b) { return order(*a, *b, a->tool, b->tool); });
  return list_answer(std::span<const Policy* const>(found), page,
                     [](std::string& out, const Policy* policy) { append_policy(out, *policy); });
}

template <class Policy>
std::variant<Policy, BodyFault> Policies<Policy>::read_draft(std::string_view body) const {
  const auto read = read_policy<Policy>(body);
  if (const auto* bad = std::get_if<BodyFault>(&read)) return *bad;
  const auto& fields = std::get<PolicyFields<Policy>>(read);
  if (!fields.tool) return BodyFault{"\"tool\" is missing: the name of the tool."};
  if (!fields.action) return BodyFault{"\"action\" is missing."};
  Policy policy{};
  fields.apply_to(policy);
  if (auto bad = fault(policy)) return BodyFault{*std::move(bad)};
  return policy;
}

template <class Policy>
std::optional<std::string> Policies<Policy>::no_room() const {
  if (live_.rows().invocation.size() + live_.rows().trusted_data.size() < kPoliciesMax) return std::nullopt;
  return fmt::format("There are {} policies of both kinds, as many as there can be.", kPoliciesMax);
}

template <class Policy>
ServiceAnswer Policies<Policy>::check(std::string_view body) const {
  const auto read = read_draft(body);
  const auto* bad = std::get_if<BodyFault>(&read);
  const auto problem = bad != nullptr ? std::optional(bad->message) : no_room();
  if (!problem) return json_answer(200, R"({"problem":null})");
  std::string out = R"({"problem":)";
  base::append_json_string(out, *problem);
  return json_answer(200, out += '}');
}

template <class Policy>
ServiceAnswer Policies<Policy>::create(std::string_view body) {
  auto read = read_draft(body);
  if (const auto* bad = std::get_if<BodyFault>(&read)) return invalid_request(bad->message);
  if (const auto full = no_room()) return error_answer(409, "conflict", *full);
  Policy& policy = std::get<Policy>(read);
  policy.id = base::Uuid::random(random_);
  policy.created = policy.updated = now();
  if (auto refused = live_.change(policy)) return *std::move(refused);
  return policy_answer(201, policy,
                       fmt::format("Location: {}/{}\r\n", Kind<Policy>::kPath, policy.id.text()));
}

template <class Policy>
ServiceAnswer Policies<Policy>::get(const base::Uuid& id) const {
  const Policy* const policy = find(id);
  return policy ? policy_answer(200, *policy) : not_found(Kind<Policy>::kNone);
}

template <class Policy>
ServiceAnswer Policies<Policy>::update(const base::Uuid& id, std::string_view body) {
  const Policy* const before = find(id);
  if (!before) return not_found(Kind<Policy>::kNone);
  const auto read = read_policy<Policy>(body);
  if (const auto* bad = std::get_if<BodyFault>(&read)) return invalid_request(bad->message);
  Policy after = *before;
  std::get<PolicyFields<Policy>>(read).apply_to(after);
  if (const auto bad = fault(after)) return invalid_request(*bad);
  // Nothing is different, unless what is stored is not what is in force.
  if (after == *before && !live_.is_at_fault(id)) return policy_answer(200, *before);
  after.updated = std::max(now(), before->updated);
  if (auto refused = live_.change(after)) return *std::move(refused);
  return policy_answer(200, after);
}

template <class Policy>
ServiceAnswer Policies<Policy>::remove(const base::Uuid& id) {
  // One that cannot be used can be deleted all the same.
  if (!find(id) && !live_.is_at_fault(id)) return not_found(Kind<Policy>::kNone);
  if (auto refused = live_.change(typename Kind<Policy>::Remove{id})) return *std::move(refused);
  return {.status = 204, .body = {}};
}

template class Policies<ToolInvocationPolicy>;
template class Policies<TrustedDataPolicy>;

ServiceAnswer list_operators() {
  static constexpr std::array<std::string_view, model::kOperatorNames.size()> kDescriptions{
      "The value is this text; a number is compared as a number.",
      "The value is not this text, or is not there; a number is compared as a number.",
      "The text has this part.",
      "The text does not have this part, or is not there.",
      "The text begins with this.",
      "The text ends with this.",
      "This regular expression, in the syntax of RE2, matches a part of the text."};
  std::string body = R"({"data":[)";
  for (std::size_t i = 0; i < kDescriptions.size(); ++i) {
    if (i > 0) body += ',';
    body += R"({"name":)";
    base::append_json_string(body, model::kOperatorNames[i]);
    body += R"(,"description":)";
    base::append_json_string(body, kDescriptions[i]);
    body += '}';
  }
  return json_answer(200, body += "]}");
}

}  // namespace archestra::api
