#include "telemetry/otlp/reachability.h"

#include <utility>

#include "base/log.h"

namespace archestra::telemetry::otlp {

void Reachability::note(const Attempt& attempt) {
  const bool is_healthy = attempt.result == Attempt::Result::kAccepted;
  is_healthy ? health_.note_success() : health_.note_error(attempt.why);
  if (std::exchange(is_healthy_, is_healthy) == is_healthy) return;
  if (is_healthy)
    base::log(base::LogLevel::kInfo, "telemetry reaches the collector again",
              {{"signal", name_of(signal_)}, {"host", endpoint_.host}, {"port", endpoint_.port}});
  else
    base::log(base::LogLevel::kWarn,
              signal_ == Signal::kMetrics
                  ? "telemetry does not reach the collector; what is not taken is dropped and counted"
                  : "telemetry does not reach the collector; it is kept, then dropped and counted",
              {{"signal", name_of(signal_)},
               {"host", endpoint_.host},
               {"port", endpoint_.port},
               {"why", attempt.why}});
}

void Reachability::note_rejected(std::uint64_t items, std::string_view why) {
  if (items > 0 && !is_rejecting_)
    base::log(base::LogLevel::kWarn, "the collector rejects some of what it gets, which is counted",
              {{"signal", name_of(signal_)}, {"items", items}, {"why", why}});
  is_rejecting_ = items > 0;
}

}  // namespace archestra::telemetry::otlp
