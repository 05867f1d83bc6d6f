// GET /api/metrics/cardinality: what the series of the metrics are of. On the api thread.
#pragma once

#include <functional>

#include "api/answers.h"
#include "api/query.h"
#include "telemetry/metrics/scrape.h"

namespace archestra::api {

class Cardinality {
 public:
  /// All metrics now; no scrape's.
  using Collect = std::function<telemetry::Snapshot()>;
  explicit Cardinality(Collect collect) : collect_(std::move(collect)) {}

  ServiceAnswer get(const Query& query) const;

 private:
  const Collect collect_;
};

}  // namespace archestra::api
