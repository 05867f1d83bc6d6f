// Policies as JSON: how the API shows one, and how it reads what a client says of one. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/answers.h"
#include "base/ids.h"
#include "model/policy.h"

namespace archestra::api {

/// The fields that a body gives; what it leaves out stays as it is. `Policy` is one of the two kinds.
template <class Policy>
struct PolicyFields {
  std::optional<std::optional<base::Uuid>> agent_id = {};
  std::optional<std::string> tool = {};
  std::optional<std::vector<model::Condition>> conditions = {};
  std::optional<decltype(Policy::action)> action = {};
  std::optional<std::string> text = {};        ///< the reason of an invocation policy, else the description
  std::optional<model::PolicyMode> mode = {};  ///< of invocation policies alone

  void apply_to(Policy& policy) const;
};

/// Reads the form of a body; whether such a policy may be is for policy/policy_rules.h.
template <class Policy>
std::variant<PolicyFields<Policy>, BodyFault> read_policy(std::string_view body);

void append_policy(std::string& out, const model::ToolInvocationPolicy& policy);
void append_policy(std::string& out, const model::TrustedDataPolicy& policy);

}  // namespace archestra::api
