// The policies of the platform API: the handlers of /api/tool-invocation-policies and
// /api/trusted-data-policies, which are the same but for what a policy is. On the api thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/agents.h"
#include "api/answers.h"
#include "api/live_policies.h"
#include "api/query.h"
#include "base/ids.h"
#include "model/policy.h"

namespace archestra::api {

/// Of both kinds together: all are compiled anew with each change.
inline constexpr std::size_t kPoliciesMax = 10'000;

template <class Policy>
class Policies {
 public:
  /// Both outlive it.
  Policies(LivePolicies& live, const Agents& agents) : live_(live), agents_(agents) {}

  ServiceAnswer list(const Query& query) const;
  ServiceAnswer create(std::string_view body);
  /// What create() would refuse the body for; nothing is stored.
  ServiceAnswer check(std::string_view body) const;
  ServiceAnswer get(const base::Uuid& id) const;
  ServiceAnswer update(const base::Uuid& id, std::string_view body);
  ServiceAnswer remove(const base::Uuid& id);

 private:
  const Policy* find(const base::Uuid& id) const;
  std::optional<std::string> fault(const Policy& policy) const;
  std::variant<Policy, BodyFault> read_draft(std::string_view body) const;
  std::optional<std::string> no_room() const;

  LivePolicies& live_;
  const Agents& agents_;
  base::Random random_ = base::Random::from_entropy();
};

using InvocationPolicies = Policies<model::ToolInvocationPolicy>;
using TrustedDataPolicies = Policies<model::TrustedDataPolicy>;

/// GET /api/policy-operators.
ServiceAnswer list_operators();

}  // namespace archestra::api
