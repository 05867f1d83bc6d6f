// The figures of each second, of all calls together, until it is over and told. For the thread that holds the
// history's lock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "telemetry/history/call_figures.h"

namespace archestra::telemetry {

struct LiveSecond {
  std::int64_t time = 0;  ///< when it began: in the history's own seconds within it, in Unix seconds outside
  Counts counts;
  std::int64_t in_flight = 0;  ///< calls under way at its end
  std::array<std::optional<Percentiles>, kMeasures> measured;
};

class LiveSeconds {
 public:
  /// Of more seconds that were slept through, these last ones are told.
  static constexpr std::int64_t kToldMax = 120;

  /// Gives the seconds that are over to `over`.
  void advance(std::int64_t now, std::int64_t in_flight, std::vector<LiveSecond>& over);
  void add(const CallFigures& figures) { open_.add(figures); }

 private:
  LiveSecond close(std::int64_t time, std::int64_t in_flight);

  std::int64_t time_ = 0;  // of the one that is open; 0 before there is any
  FigureSum open_;
  DenseSketch sketch_;  // reused
};

}  // namespace archestra::telemetry
