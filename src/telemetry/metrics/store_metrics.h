// The figures about the store, where operators learn that its disk is slow or refuses. What it tells comes
// from the one thread that uses it at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "telemetry/metrics/cells.h"
#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

class StoreMetrics {
 public:
  enum class Operation : std::uint8_t { kRead, kWrite };
  enum class Result : std::uint8_t { kSuccess, kError };

  StoreMetrics();
  StoreMetrics(const StoreMetrics&) = delete;
  StoreMetrics& operator=(const StoreMetrics&) = delete;

  /// One operation is over.
  void observe(Operation operation, base::Duration took, Result result);

  /// What the scrape takes from, on its own thread.
  SeriesSource& series() { return series_.source(); }

 private:
  struct OfOperation {
    Histogram duration{family_of(Metric::kStoreOperationDuration).bounds};
    std::array<Counter, 2> results;
  };
  std::array<OfOperation, 2> operations_;
  FixedSeries series_;
};

}  // namespace archestra::telemetry
