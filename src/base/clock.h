// The two clocks. Durations are measured on the monotonic one; timestamps that leave the process
// (spans, logs) are wall time.
#pragma once

#include <chrono>
#include <cstdint>

namespace archestra::base {

using Duration = std::chrono::nanoseconds;
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline MonotonicTime monotonic_now() { return std::chrono::steady_clock::now(); }
inline WallTime wall_now() { return std::chrono::system_clock::now(); }

inline constexpr MonotonicTime kNever = MonotonicTime::max();

inline double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
inline std::uint64_t unix_nanos(WallTime t) {
  return static_cast<std::uint64_t>(t.time_since_epoch().count());
}

}  // namespace archestra::base
