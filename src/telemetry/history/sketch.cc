#include "telemetry/history/sketch.h"

#include <algorithm>
#include <cmath>

namespace archestra::telemetry {

// As far from the lower bound as from the upper one, in parts of either: (growth - 1) / (growth + 1), 2.97 %.
double CoarseScale::seconds_of(std::size_t bucket) {
  if (bucket == 0) return SketchScale::seconds_of(0);
  return SketchScale::seconds_of(0) * std::pow(kGrowth, static_cast<double>(bucket)) * 2 / (1 + kGrowth);
}

void SparseSketch::add(std::uint32_t bucket, std::uint32_t count) {
  const auto at = std::ranges::lower_bound(counts_, bucket, {}, &BucketCount::bucket);
  if (at != counts_.end() && at->bucket == bucket)
    at->count += count;
  else
    counts_.insert(at, {.bucket = bucket, .count = count});
}

void DenseSketch::add(std::span<const BucketCount> counts) {
  if (counts.empty()) return;
  first_ = std::min<std::size_t>(first_, counts.front().bucket);
  end_ = std::max<std::size_t>(end_, counts.back().bucket + std::size_t{1});
  for (const BucketCount& each : counts) {
    counts_[each.bucket] += each.count;
    total_ += each.count;
  }
}

double DenseSketch::quantile(double q) const {
  const std::uint64_t place = place_of(q, total_);
  std::uint64_t below = 0;
  std::size_t bucket = first_;
  for (; bucket + 1 < end_; ++bucket) {
    below += counts_[bucket];
    if (below > place) break;
  }
  return CoarseScale::seconds_of(bucket);
}

std::optional<Percentiles> DenseSketch::percentiles() const {
  if (total_ == 0) return std::nullopt;
  return Percentiles{.p50 = quantile(0.5), .p95 = quantile(0.95), .p99 = quantile(0.99)};
}

void DenseSketch::clear() {
  if (first_ < end_) std::fill(counts_.begin() + first_, counts_.begin() + end_, std::uint64_t{0});
  first_ = CoarseScale::kBuckets;
  end_ = 0;
  total_ = 0;
}

}  // namespace archestra::telemetry
