// Whether a call is tried again, and when: a function from what came of a try to the pause before the next.
#pragma once

#include <optional>

#include "base/clock.h"

namespace archestra::proxy {

/// What the operator allows. Off by default: the official SDKs try again themselves.
struct RetryPolicy {
  unsigned retries_max = 0;                                 ///< further tries of one call
  base::Duration backoff = std::chrono::milliseconds(500);  ///< at most so long after the first try; doubles
  base::Duration wait_max =
      std::chrono::seconds(10);  ///< no pause is longer; who asks for a longer one gets none
};

/// A try that came to nothing, before a byte of it has gone to the client.
struct FailedTry {
  int status_code = 0;                             ///< of its answer; 0 where no connection could be made
  std::optional<base::Duration> retry_after = {};  ///< what its answer asks for
  unsigned tries_before = 0;                       ///< of the same call
  bool is_repeatable = true;                       ///< all that was sent can be sent again
  base::Duration time_left{};                      ///< of the whole call
  double chance = 0;                               ///< uniform in [0, 1)
};

struct Pause {
  base::Duration length{};
  base::Duration asked_for{};  ///< the part of it that the upstream's Retry-After asks for
};

/// Whether no try follows the one that comes after `tries_before` others, whatever becomes of it.
constexpr bool is_last_try(const RetryPolicy& policy, unsigned tries_before) {
  return tries_before >= policy.retries_max;
}

/// Nothing where this try is the call's last. A pause is what the upstream asks for, and no less than an
/// exponential back-off with full jitter, so that many calls that failed together do not come back together.
std::optional<Pause> pause_before_retry(const RetryPolicy& policy, const FailedTry& tried);

}  // namespace archestra::proxy
