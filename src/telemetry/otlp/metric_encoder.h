// All metrics as OTLP, from a snapshot, under the names they have on /metrics: cumulative, with exemplars, in
// portions that are each the content of one request. What OpenTelemetry calls the unit of plain numbers, "1",
// is left out: whoever turns gauges into Prometheus' names would make `_ratio` of it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "telemetry/metrics/scrape.h"
#include "telemetry/proto_writer.h"

namespace archestra::telemetry::otlp {

/// Since when, and when.
struct MetricTimes {
  base::WallTime started_at;
  base::WallTime now;
};

/// Where portions go.
class MetricPortions {
 public:
  virtual ~MetricPortions() = default;
  /// Metrics, each as one field of ScopeMetrics; the bytes hold until it returns.
  virtual void take(std::string_view metrics, std::size_t points) = 0;
};

/// No portion grows beyond this by more than one data point. Far below the 64 MiB that receivers have to
/// take, and small enough to be made between two looks at the rings.
inline constexpr std::size_t kMetricPortionBytes = std::size_t{512} << 10;

/// Gives every sample to `portions` once. Families without any are left out.
void encode_metrics(std::span<const FamilySnapshot> families, const MetricTimes& times,
                    MetricPortions& portions, std::size_t portion_bytes = kMetricPortionBytes);

}  // namespace archestra::telemetry::otlp
