// GET /api/statistics/...: what happened in the last minutes, from memory. On the api thread.
#pragma once

#include "api/answers.h"
#include "api/query.h"
#include "telemetry/history/history.h"

namespace archestra::api {

class Statistics {
 public:
  /// Outlives it.
  explicit Statistics(const telemetry::History& history) : history_(history) {}

  ServiceAnswer overview(const Query& query) const;
  ServiceAnswer agents(const Query& query) const;
  ServiceAnswer dimensions(const Query& query) const;

 private:
  const telemetry::History& history_;
};

}  // namespace archestra::api
