// The two clocks. Durations are measured on the monotonic one; timestamps that leave the process
// (spans, logs) are wall time.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace archestra::base {

using Duration = std::chrono::nanoseconds;
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline MonotonicTime monotonic_now() { return std::chrono::steady_clock::now(); }
/// As monotonic_now() was at the kernel's last tick, up to 10 ms ago: for a fifth of its cost.
inline MonotonicTime coarse_monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return MonotonicTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}
inline WallTime wall_now() { return std::chrono::system_clock::now(); }

inline constexpr MonotonicTime kNever = MonotonicTime::max();

inline double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
inline std::uint64_t unix_nanos(WallTime t) {
  return static_cast<std::uint64_t>(t.time_since_epoch().count());
}

}  // namespace archestra::base
