// Durations as counts of logarithmic buckets, to take percentiles from: counts add up, whatever they are of.
// A percentile is within 3 % of the duration that has its rank, of which the buckets know no more; they are
// those of SketchScale, three in one. Values; no thread of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "telemetry/metrics/summary.h"

namespace archestra::telemetry {

struct CoarseScale {
  static constexpr std::size_t kMerged = 3;
  static constexpr double kGrowth = SketchScale::kGrowth * SketchScale::kGrowth * SketchScale::kGrowth;
  static constexpr std::size_t kBuckets = (SketchScale::kBuckets + 1) / kMerged + 1;
  static std::uint16_t bucket_of(base::Duration duration) {
    return static_cast<std::uint16_t>((SketchScale::bucket_of(duration) + kMerged - 1) / kMerged);
  }
  /// What stands for all durations in the bucket.
  static double seconds_of(std::size_t bucket);
};

struct BucketCount {
  std::uint32_t bucket;
  std::uint32_t count;
  bool operator==(const BucketCount&) const = default;
};

/// In seconds.
struct Percentiles {
  double p50;
  double p95;
  double p99;
};

/// Small where the durations are alike: 8 bytes a bucket.
class SparseSketch {
 public:
  void add(std::uint32_t bucket, std::uint32_t count = 1);
  void add(std::span<const BucketCount> counts) {
    for (const BucketCount& each : counts) add(each.bucket, each.count);
  }
  /// In ascending order, none of them zero.
  std::span<const BucketCount> counts() const { return counts_; }
  void clear() { counts_.clear(); }

 private:
  std::vector<BucketCount> counts_;
};

/// Quick to add to: 3.4 KB. Counts as many as there may be, of a day too.
class DenseSketch {
 public:
  void add(std::span<const BucketCount> counts);
  /// Nothing where nothing was counted.
  std::optional<Percentiles> percentiles() const;
  void clear();

 private:
  double quantile(double q) const;

  std::array<std::uint64_t, CoarseScale::kBuckets> counts_{};
  std::size_t first_ = CoarseScale::kBuckets;  // what is outside of [first_, end_) is zero
  std::size_t end_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace archestra::telemetry
