// How often delays of which length occurred, within 2 % of each, from a microsecond to over an hour. One
// thread records, which costs one add; any other reads. Figures over a stretch of time are the difference of
// two readings, so that nobody ever resets what another thread writes.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/stats.h"

namespace archestra::base {

class DelayHistogram {
  // Microseconds below kSteps have a bucket each; above, every doubling is cut into kSteps / 2.
  static constexpr int kStepBits = 6;
  static constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;
  static constexpr int kMagnitudeMax = 32;

 public:
  static constexpr std::size_t kBuckets = kSteps + (kMagnitudeMax - kStepBits) * kSteps / 2;
  using Counts = std::array<std::uint64_t, kBuckets>;

  /// Longer ones count in the last bucket, negative ones in the first.
  void record(Duration delay) { counts_[bucket_of(delay)].add(); }

  /// Any thread.
  void add_to(Counts& counts) const {
    for (std::size_t i = 0; i < kBuckets; ++i) counts[i] += counts_[i].value();
  }

  /// The middle of what bucket `index` holds.
  static Duration middle_of(std::size_t index) {
    const auto at = static_cast<std::uint64_t>(index);
    if (at < kSteps) return std::chrono::microseconds(at) + std::chrono::nanoseconds(500);
    const auto shift = static_cast<int>((at - kSteps) / (kSteps / 2)) + 1;
    const std::uint64_t step = kSteps / 2 + (at - kSteps) % (kSteps / 2);
    return std::chrono::nanoseconds(((2 * step + 1) << shift) * 500);
  }

 private:
  static std::size_t bucket_of(Duration delay) {
    if (delay < Duration::zero()) return 0;
    const auto micros = static_cast<std::uint64_t>(delay.count()) / 1000;
    if (micros < kSteps) return micros;
    const auto magnitude = static_cast<int>(std::bit_width(micros));
    if (magnitude > kMagnitudeMax) return kBuckets - 1;
    const int shift = magnitude - kStepBits;
    return kSteps + static_cast<std::uint64_t>(shift - 1) * (kSteps / 2) + ((micros >> shift) - kSteps / 2);
  }

  std::array<Counter, kBuckets> counts_;
};

}  // namespace archestra::base
