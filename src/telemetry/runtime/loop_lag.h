// The lag of several event loops since the last time it was taken: for each figure that of the loop which is
// worst at it. One thread at a time; the loops record without knowing of it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/delay_histogram.h"

namespace archestra::telemetry {

/// Within 2 %, as the histograms are.
struct LagFigures {
  base::Duration min{};
  base::Duration max{};
  base::Duration mean{};
  base::Duration stddev{};
  base::Duration p50{};
  base::Duration p90{};
  base::Duration p99{};
};

/// Nothing where nothing was counted.
std::optional<LagFigures> figures_of(const base::DelayHistogram::Counts& counts);

class LoopLag {
 public:
  /// `lag` outlives this. Before any of the others.
  void add(const base::DelayHistogram& lag) { loops_.push_back({&lag, {}}); }

  /// What was recorded since the last call; where that is nothing, the figures of the last call.
  LagFigures take();
  /// What take() would say.
  LagFigures look() const;
  /// All that was ever recorded, on all loops.
  base::DelayHistogram::Counts total() const;

 private:
  std::vector<base::DelayHistogram::Counts> counts() const;
  LagFigures figures_until(std::span<const base::DelayHistogram::Counts> now) const;

  struct Loop {
    const base::DelayHistogram* lag;
    base::DelayHistogram::Counts taken;
  };
  std::vector<Loop> loops_;
  LagFigures last_;
};

}  // namespace archestra::telemetry
