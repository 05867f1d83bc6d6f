// The lag of several event loops since the last look: for each figure that of the loop which is worst at it.
// Each reader has a last look of its own, so that none disturbs another. One thread at a time; the loops
// record without knowing of it.
#pragma once

#include <optional>
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
  /// What one reader has seen.
  class Window {
    friend LoopLag;
    std::vector<base::DelayHistogram::Counts> seen_;  // of each loop
    LagFigures last_;
  };

  /// `lag` outlives this. Before the first look.
  void add(const base::DelayHistogram& lag) { loops_.push_back(&lag); }

  /// What was recorded since the last call with this window; where that is nothing, the figures of that call.
  LagFigures take(Window& window) const;
  /// All that was ever recorded, on all loops.
  base::DelayHistogram::Counts total() const;

 private:
  std::vector<const base::DelayHistogram*> loops_;
};

}  // namespace archestra::telemetry
