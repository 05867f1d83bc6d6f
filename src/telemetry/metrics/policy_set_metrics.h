// Whether the policies that are stored are the ones in force. Told by the one thread that loads them.
#pragma once

#include "telemetry/metrics/cells.h"
#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

class PolicySetMetrics {
 public:
  PolicySetMetrics();
  PolicySetMetrics(const PolicySetMetrics&) = delete;
  PolicySetMetrics& operator=(const PolicySetMetrics&) = delete;

  /// What was read is in force.
  void count_success();
  /// It cannot be, and an older set is.
  void count_failure();

  /// What the scrape takes from, on its own thread.
  SeriesSource& series() { return series_.source(); }

 private:
  Counter successes_;
  Counter errors_;
  Gauge failing_;
  FixedSeries series_;
};

}  // namespace archestra::telemetry
