// How many series there are, of what: for who wants to know why there are so many. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "telemetry/metrics/scrape.h"

namespace archestra::telemetry {

/// Series as telemetry_series counts them: a histogram or a summary is one.
struct Cardinality {
  struct Budget {
    std::string_view kind;  ///< "model", "agent", "tool"
    std::int64_t used = 0;
    std::int64_t max = 0;
  };
  struct MetricSeries {
    std::string_view name;
    std::size_t series;
  };
  /// The series that begin with the same labels and have the same of an agent's own.
  struct Set {
    std::vector<Label> labels;
    std::size_t series;
  };

  std::vector<Budget> budgets;
  std::uint64_t folded_calls = 0;
  std::size_t series = 0;
  std::vector<MetricSeries> metrics;  ///< those with any, the largest first
  std::vector<Set> sets;              ///< the largest of them
};

/// With at most `sets_max` sets, of metrics with the labels of agents.
Cardinality cardinality_of(const Snapshot& snapshot, std::size_t sets_max);

}  // namespace archestra::telemetry
