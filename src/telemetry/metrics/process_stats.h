// What Linux tells about this process, for the process_* metrics of Prometheus' client libraries.
// Reads /proc; any thread, but it blocks: for the scrape thread.
#pragma once

#include <vector>

#include "telemetry/metrics/catalogue.h"

namespace archestra::telemetry {

struct ProcessStat {
  Metric metric;
  double value;  ///< in the unit of the metric's name
};

/// What cannot be read is left out.
std::vector<ProcessStat> read_process_stats();

}  // namespace archestra::telemetry
