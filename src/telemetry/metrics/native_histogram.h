// Native histograms of Prometheus: buckets whose bounds grow by a fixed factor, of which those that are empty
// take next to no room, in memory and on the wire. One writing thread, any number of reading ones.
//
//   with no value in it                      272 bytes
//   for each stretch of two octaves, i. e. values within a factor of four, that has any: 128 bytes more
//   at most                                  4.4 KB
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace archestra::telemetry {

/// Of all our native histograms: schema 3, that is a growth of 2^(1/8), 9 %.
struct NativeScale {
  static constexpr std::int32_t kSchema = 3;
  static constexpr double kZeroThreshold = 0x1p-128;  ///< what Prometheus' client libraries have
  // One nanosecond is in -239, and 292 years are in 265. What is beyond, as only another unit could make it,
  // counts as the first or the last one.
  static constexpr std::int32_t kFirst = -240;
  static constexpr std::size_t kBuckets = 512;

  /// The bucket whose bounds `value` lies within: 2^((i - 1) / 8) < value <= 2^(i / 8). For what is above
  /// zero and finite; not clamped.
  static std::int32_t index_of(double value);
};

/// The figures of one at one time, or the sum of several.
struct NativeValue {
  std::uint64_t zeros = 0;
  std::array<std::uint64_t, NativeScale::kBuckets> buckets{};  ///< from NativeScale::kFirst on
};

/// What of a NativeValue is shown.
struct NativeFigures {
  struct Bucket {
    std::int32_t index = 0;
    std::uint64_t count = 0;
  };
  explicit NativeFigures(const NativeValue& value);
  /// Of all that was observed.
  std::uint64_t count() const;

  std::uint64_t zeros = 0;
  std::vector<Bucket> buckets;  ///< those that are not empty, ascending
};

class NativeHistogram {
 public:
  /// `one` is what stands for 1, as of the Family.
  explicit NativeHistogram(base::Duration one) : one_(static_cast<double>(one.count())) {}
  NativeHistogram(const NativeHistogram&) = delete;
  NativeHistogram& operator=(const NativeHistogram&) = delete;
  ~NativeHistogram();

  /// The owner's thread. `duration` is not below zero. Allocates where a value is the first of its kind.
  void observe(base::Duration duration);
  /// Any thread.
  void add_to(NativeValue& total) const;

 private:
  static constexpr std::size_t kChunkBuckets = 16;
  using Chunk = std::array<std::atomic<std::uint64_t>, kChunkBuckets>;

  const double one_;
  std::atomic<std::uint64_t> zeros_{0};
  std::array<std::atomic<Chunk*>, NativeScale::kBuckets / kChunkBuckets> chunks_{};
};

}  // namespace archestra::telemetry
