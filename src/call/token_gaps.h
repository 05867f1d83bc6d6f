// The pace of one stream: the waits between one event with content and the next, as counts of fixed buckets,
// so that a stream of any length costs the same few bytes. A value; the gate fills it, metrics add it up.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace archestra::call {

/// Upper bounds of the buckets, inclusive.
inline constexpr std::array<base::Duration, 10> kTokenGapBounds{
    std::chrono::milliseconds(5),   std::chrono::milliseconds(10),  std::chrono::milliseconds(20),
    std::chrono::milliseconds(40),  std::chrono::milliseconds(80),  std::chrono::milliseconds(150),
    std::chrono::milliseconds(300), std::chrono::milliseconds(600), std::chrono::milliseconds(1000),
    std::chrono::milliseconds(2500)};

/// A longer gap is a stall.
inline constexpr base::Duration kStallAfter = std::chrono::seconds(1);

struct TokenGaps {
  std::array<std::uint32_t, kTokenGapBounds.size() + 1> counts{};  ///< the last one: longer than all bounds
  base::Duration sum{};
  std::uint32_t stalls = 0;

  void add(base::Duration gap) {
    const auto bound = std::ranges::lower_bound(kTokenGapBounds, gap);
    ++counts[static_cast<std::size_t>(bound - kTokenGapBounds.begin())];
    sum += gap;
    if (gap > kStallAfter) ++stalls;
  }
};

/// One stall of a stream.
struct Stall {
  base::Duration began{};  ///< since the try's start: when the event before it came
  base::Duration length{};
};
/// Of more in one stream, these first ones are told one by one; all are counted.
inline constexpr std::size_t kStallsToldMax = 8;

}  // namespace archestra::call
