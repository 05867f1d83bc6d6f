// Quantiles of durations over the last minutes, with one writing thread and any number of reading ones.
// Durations are counted in buckets whose bounds grow by a fixed factor, so that the error of a quantile
// is relative: at most 1 % of the duration that has its rank. Old ones are forgotten a slice at a time, by
// whoever reads too: what a quiet shard saw long ago is not shown. What is counted lies in pages that are
// made when they are first needed and kept:
//
//   a series seen once            0.5 KB
//   durations within a decade     4 to 5 KB on each shard that sees them, of three decades 10 KB
//   at most                       28 KB
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "telemetry/metrics/cells.h"

namespace archestra::telemetry {

/// The buckets: from 1 us to 27 hours; what is shorter or longer counts as that.
struct SketchScale {
  static constexpr double kGrowth = 1.02;
  static constexpr std::size_t kBuckets = 1280;
  static std::size_t bucket_of(base::Duration duration);
  /// What stands for all durations in the bucket.
  static double seconds_of(std::size_t bucket);
};

/// Where quantile `q` stands among `count` in ascending order, from 0, by the nearest rank: the first that a
/// share of `q` of all do not exceed. So of two durations the longer one is the 95th percentile.
std::uint64_t place_of(double q, std::uint64_t count);

/// What one or several sketches counted.
class SketchCounts {
 public:
  void add(std::size_t bucket, std::uint64_t count) {
    counts_[bucket] += count;
    total_ += count;
  }
  /// In seconds: the duration at place_of(q). NaN where nothing was counted.
  double quantile(double q) const;

 private:
  std::array<std::uint64_t, SketchScale::kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

/// Durations of the last 8 to 10 minutes.
class SlidingSketch {
 public:
  static constexpr std::size_t kSlices = 5;
  static constexpr base::Duration kSlice = std::chrono::minutes(2);

  SlidingSketch() = default;
  SlidingSketch(const SlidingSketch&) = delete;
  SlidingSketch& operator=(const SlidingSketch&) = delete;
  ~SlidingSketch();

  /// The owner's thread. Allocates where a duration is the first of its kind.
  void observe(base::Duration duration, base::MonotonicTime now);
  /// Any thread. A slice that the owner begins anew meanwhile may be left out.
  void add_to(SketchCounts& total, base::MonotonicTime now) const;

 private:
  static constexpr std::size_t kPageBuckets = 64;
  static constexpr std::size_t kPages = SketchScale::kBuckets / kPageBuckets;
  static constexpr std::int64_t kNoPeriod = INT64_MIN;

  using Page = std::array<std::atomic<std::uint32_t>, kPageBuckets>;
  struct Slice {
    Slice() = default;
    Slice(const Slice&) = delete;
    Slice& operator=(const Slice&) = delete;
    ~Slice();
    void begin(std::int64_t new_period);

    std::atomic<std::int64_t> period{kNoPeriod};  ///< of what it counts; none while it is emptied
    std::array<std::atomic<Page*>, kPages> pages{};
  };

  /// Periods are numbered; that of a slice has its place at the number modulo kSlices.
  static std::int64_t period_of(base::MonotonicTime time) { return time.time_since_epoch() / kSlice; }
  Slice& slice_of(std::int64_t period);
  static void add_slice(const Slice& slice, std::int64_t oldest, SketchCounts& total);

  std::array<std::atomic<Slice*>, kSlices> slices_{};
};

/// A summary's figures at one time.
struct SummaryValue {
  static constexpr std::size_t kQuantilesMax = 7;
  std::array<double, kQuantilesMax> quantiles{};  ///< in seconds, in the order of the family's
  std::uint64_t count = 0;
  std::uint64_t sum_nanos = 0;
};

/// Quantiles of the last minutes; sum and count of all the time.
class Summary {
 public:
  void observe(base::Duration duration, base::MonotonicTime now) {
    if (duration < base::Duration::zero()) duration = base::Duration::zero();
    sketch_.observe(duration, now);
    add_alone(sum_nanos_, static_cast<std::uint64_t>(duration.count()));
    add_alone(count_, std::uint64_t{1});
  }

  // Any thread.

  const SlidingSketch& sketch() const { return sketch_; }
  void add_to(SummaryValue& total) const {
    total.count += count_.load(std::memory_order_acquire);
    total.sum_nanos += sum_nanos_.load(std::memory_order_acquire);
  }

 private:
  SlidingSketch sketch_;
  std::atomic<std::uint64_t> sum_nanos_{0};
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace archestra::telemetry
