// The tools of the platform API: the handlers of /api/tools, and the learning of what agents declare. Tools
// stay in the store: there may be many. On the api thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "api/agents.h"
#include "api/answers.h"
#include "api/live_policies.h"
#include "api/query.h"
#include "base/ids.h"
#include "base/log_limit.h"
#include "model/agent.h"
#include "model/tool.h"
#include "store/store.h"

namespace archestra::api {

/// What a request declared.
struct DeclaredTools {
  model::AgentRef agent;
  std::vector<model::DeclaredTool> tools;
};

class Tools {
 public:
  /// All outlive it.
  Tools(store::Store& store, LivePolicies& live, const Agents& agents)
      : store_(store), live_(live), agents_(agents) {}

  ServiceAnswer list(const Query& query);
  ServiceAnswer get(const base::Uuid& id);
  ServiceAnswer update(const base::Uuid& id, std::string_view body);
  /// It comes back when a request declares it again.
  ServiceAnswer remove(const base::Uuid& id);

  /// Writes what of it is new or different. Makes no new set of policies: what is new has the settings that
  /// hold without it. False where the store failed, which is logged: these are not learned now, and shards
  /// hand them over again.
  bool try_learn(std::vector<DeclaredTools> declared);

 private:
  void tell_full(const std::vector<base::Uuid>& agents);

  store::Store& store_;
  LivePolicies& live_;
  const Agents& agents_;
  base::Random random_ = base::Random::from_entropy();
  base::LogLimit failures_;
  base::LogLimit full_;
  std::unordered_set<std::string> told_full_;  // ids of agents
};

}  // namespace archestra::api
