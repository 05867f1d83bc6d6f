#include "proxy/retry.h"

#include <algorithm>

namespace archestra::proxy {
namespace {

// 529: Anthropic's own, "overloaded". Not 500, nor 504: the provider may be at work on the call.
bool is_retryable(int status_code) {
  return status_code == 0 || status_code == 429 || status_code == 502 || status_code == 503 ||
         status_code == 529;
}

base::Duration backoff_max(const RetryPolicy& policy, unsigned tries_before) {
  base::Duration longest = policy.backoff;
  for (unsigned i = 0; i < tries_before && longest < policy.wait_max; ++i) longest *= 2;
  return std::min(longest, policy.wait_max);
}

}  // namespace

std::optional<Pause> pause_before_retry(const RetryPolicy& policy, const FailedTry& tried) {
  if (is_last_try(policy, tried.tries_before) || !tried.is_repeatable || !is_retryable(tried.status_code))
    return std::nullopt;
  const base::Duration asked_for = tried.retry_after.value_or(base::Duration::zero());
  if (asked_for > policy.wait_max) return std::nullopt;
  const auto backoff =
      std::chrono::duration_cast<base::Duration>(tried.chance * backoff_max(policy, tried.tries_before));
  const base::Duration length = std::max(asked_for, backoff);
  if (length >= tried.time_left) return std::nullopt;
  return Pause{.length = length, .asked_for = asked_for};
}

}  // namespace archestra::proxy
