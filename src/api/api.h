// The platform API from request to answer, without threads: who may, which route, which handler. On the api
// thread, once that runs.
#pragma once

#include "api/agents.h"
#include "api/log_levels.h"
#include "base/secret.h"
#include "http_io/service.h"
#include "store/store.h"

namespace archestra::api {

class Api {
 public:
  /// `directory` is what load_agents() made of the store. `configured_token` is empty where the store has
  /// one. `access_log_level` outlives it.
  Api(store::Store store, model::AgentDirectoryRef directory, base::Secret configured_token,
      telemetry::AccessLogLevel& access_log_level, Publish publish);
  Api(const Api&) = delete;

  ServiceAnswer handle(const http_io::ServiceRequest& request);

 private:
  store::Store store_;
  const base::Secret configured_token_;
  Agents agents_;
  LogLevels log_levels_;
};

}  // namespace archestra::api
