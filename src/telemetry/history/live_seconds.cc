#include "telemetry/history/live_seconds.h"

namespace archestra::telemetry {

// What is open belongs to the first of them; the others had no calls.
void LiveSeconds::advance(std::int64_t now, std::int64_t in_flight, std::vector<LiveSecond>& over) {
  if (time_ == 0) time_ = now;
  if (now - time_ > kToldMax) time_ = now - kToldMax;
  for (; time_ < now; ++time_) over.push_back(close(time_, in_flight));
}

LiveSecond LiveSeconds::close(std::int64_t time, std::int64_t in_flight) {
  LiveSecond second{.time = time, .counts = open_.counts, .in_flight = in_flight, .measured = {}};
  for (std::size_t i = 0; i < kMeasures; ++i) {
    sketch_.clear();
    sketch_.add(open_.sketches[i].counts());
    second.measured[i] = sketch_.percentiles();
    open_.sketches[i].clear();
  }
  open_.counts = {};
  return second;
}

}  // namespace archestra::telemetry
