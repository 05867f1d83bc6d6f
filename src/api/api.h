// The platform API from request to answer, without threads: who may, which route, which handler. On the api
// thread, once that runs.
#pragma once

#include <vector>

#include "api/access.h"
#include "api/agents.h"
#include "api/cardinality.h"
#include "api/live_feed.h"
#include "api/live_policies.h"
#include "api/log_levels.h"
#include "api/policies.h"
#include "api/recent_call_list.h"
#include "api/settings.h"
#include "api/statistics.h"
#include "api/tools.h"
#include "http_io/service.h"
#include "store/store.h"

namespace archestra::api {

/// What those who serve calls have at the start, and how they get what comes after it.
struct Snapshots {
  model::AgentDirectoryRef agents;  ///< what load_agents() made of the store
  LoadedPolicies policies;          ///< what compile_policies() made of it
  Publish publish_agents;
  PublishPolicies publish_policies;
};

class Api {
 public:
  /// What it has references to outlives it.
  Api(store::Store store, Snapshots snapshots, AccessOptions access, SettingsSources settings,
      telemetry::AccessLogLevel& access_log_level, telemetry::PolicySetMetrics& policy_set_metrics,
      const telemetry::History& history, Cardinality::Collect collect_metrics, LiveFeed& live);
  Api(const Api&) = delete;

  ServiceAnswer handle(const http_io::ServiceRequest& request);
  void reload_policies() { live_policies_.reload(); }
  bool try_learn(std::vector<DeclaredTools> declared);

 private:
  store::Store store_;
  Access access_;
  LivePolicies live_policies_;
  Agents agents_;
  InvocationPolicies invocation_policies_;
  TrustedDataPolicies trusted_data_policies_;
  Tools tools_;
  LogLevels log_levels_;
  Settings settings_;
  Statistics statistics_;
  Cardinality cardinality_;
  RecentCallList recent_calls_;
  LiveFeed& live_;
};

}  // namespace archestra::api
