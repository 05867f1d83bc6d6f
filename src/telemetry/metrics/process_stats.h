// What Linux tells about this process, for the process_* metrics of Prometheus' client libraries.
// Reads /proc; any thread, but it blocks: for the scrape thread.
#pragma once

#include <cstdint>
#include <vector>

#include "telemetry/metrics/catalogue.h"

namespace archestra::telemetry {

struct ProcessStat {
  Metric metric;
  double value;  ///< in the unit of the metric's name
};

struct ProcessStats {
  std::vector<ProcessStat> stats;
  std::int64_t open_files = 0;  ///< descriptors that have a path: not sockets, pipes and the like
};

/// What cannot be read is left out.
ProcessStats read_process_stats();

}  // namespace archestra::telemetry
