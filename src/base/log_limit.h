// For log lines about what may go wrong as often as calls are made: at most one a second, which says how many
// were left out since the last one. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace archestra::base {

class LogLimit {
 public:
  /// How many lines were left out before this one; nullopt where it is left out itself.
  std::optional<std::int64_t> admit(MonotonicTime now = monotonic_now());

 private:
  std::atomic<MonotonicTime::rep> next_{0};
  std::atomic<std::int64_t> left_out_{0};
};

}  // namespace archestra::base
