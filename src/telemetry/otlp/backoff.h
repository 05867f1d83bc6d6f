// How long to wait before the next try of a request: longer from try to try, with jitter, so that many
// gateways do not come back at the same moment. For one request; one thread.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/ids.h"

namespace archestra::telemetry::otlp {

class Backoff {
 public:
  /// `random` outlives it.
  explicit Backoff(base::Random& random) : random_(random) {}

  /// At least what the collector asks for.
  base::Duration next(base::Duration retry_after) {
    const auto jittered = std::chrono::duration_cast<base::Duration>(step_ * (0.5 + random_.unit()));
    step_ = std::min(step_ * 3 / 2, kMax);
    return std::max(jittered, retry_after);
  }

 private:
  static constexpr base::Duration kFirst = std::chrono::seconds(1);
  static constexpr base::Duration kMax = std::chrono::seconds(5);
  base::Random& random_;
  base::Duration step_ = kFirst;
};

}  // namespace archestra::telemetry::otlp
