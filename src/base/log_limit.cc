#include "base/log_limit.h"

#include <chrono>

namespace archestra::base {
namespace {

constexpr Duration kBetween = std::chrono::seconds(1);

}  // namespace

std::optional<std::int64_t> LogLimit::admit(MonotonicTime now) {
  const MonotonicTime::rep time = now.time_since_epoch().count();
  MonotonicTime::rep next = next_.load(std::memory_order_relaxed);
  if (time < next || !next_.compare_exchange_strong(next, time + kBetween.count())) {
    left_out_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  return left_out_.exchange(0, std::memory_order_relaxed);
}

}  // namespace archestra::base
