// The numbers behind a series: those of base/stats.h, and histograms of them, with one writing thread and
// any number of reading ones as they have.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/assert.h"
#include "base/clock.h"
#include "base/stats.h"
#include "telemetry/metrics/exemplar.h"
#include "telemetry/metrics/native_histogram.h"

namespace archestra::telemetry {

using base::add_alone;
using base::Counter;
using base::Gauge;

/// Counts what calls bring, with one of their spans.
class CallCounter {
 public:
  void add(std::uint64_t n, const ExemplarSource& source) {
    count_.add(n);
    if (source && n > 0) exemplar_.offer(*source, n, 0);
  }

  // Any thread.

  std::uint64_t value() const { return count_.value(); }
  void add_to(std::optional<Exemplar>& newest) const { exemplar_.add_to({&newest, 1}); }

 private:
  Counter count_;
  ExemplarSlots exemplar_;
};

/// One histogram's figures at one time, or the sum of several.
struct HistogramValue {
  static constexpr std::size_t kBucketsMax = 15;
  std::array<std::uint64_t, kBucketsMax> buckets{};  ///< not cumulative; the last used one is +Inf
  std::uint64_t sum_nanos = 0;
};
/// By bucket.
using BucketExemplars = std::array<std::optional<Exemplar>, HistogramValue::kBucketsMax>;

/// Durations in fixed buckets. There is no count: it is the sum of the buckets, so the two cannot
/// disagree however a read and a write interleave. The sum of nanoseconds lasts 584 years.
class Histogram {
 public:
  /// `bounds` outlive the histogram: inclusive upper bounds, ascending. With `native_one`, what stands for 1,
  /// there is a native histogram of the same durations.
  explicit Histogram(std::span<const base::Duration> bounds,
                     std::optional<base::Duration> native_one = std::nullopt)
      : bounds_(bounds), native_(native_one ? std::make_unique<NativeHistogram>(*native_one) : nullptr) {
    ARCHESTRA_ASSERT(bounds.size() < HistogramValue::kBucketsMax, "a bucket for each bound and one for +Inf");
  }

  /// `source` gives the bucket its exemplar.
  void observe(base::Duration duration, const ExemplarSource& source = std::nullopt) {
    if (duration < base::Duration::zero()) duration = base::Duration::zero();
    if (native_) native_->observe(duration);
    std::size_t bucket = 0;
    while (bucket < bounds_.size() && duration > bounds_[bucket]) ++bucket;
    add_alone(buckets_[bucket], std::uint64_t{1});
    add_alone(sum_nanos_, static_cast<std::uint64_t>(duration.count()));
    if (source) exemplars_.offer(*source, static_cast<std::uint64_t>(duration.count()), bucket);
  }

  /// Durations that were counted elsewhere, in the same buckets, and their sum.
  void add(std::span<const std::uint32_t> counts, base::Duration sum) {
    ARCHESTRA_ASSERT(counts.size() == bounds_.size() + 1, "the same buckets");
    for (std::size_t i = 0; i < counts.size(); ++i)
      if (counts[i] > 0) add_alone(buckets_[i], std::uint64_t{counts[i]});
    add_alone(sum_nanos_, static_cast<std::uint64_t>(sum.count()));
  }

  /// Any thread.
  void add_to(HistogramValue& total) const {
    for (std::size_t i = 0; i <= bounds_.size(); ++i)
      total.buckets[i] += buckets_[i].load(std::memory_order_acquire);
    total.sum_nanos += sum_nanos_.load(std::memory_order_acquire);
  }
  /// Any thread: those that are newer than what `newest` has. A bucket that has one has counted it.
  void add_to(BucketExemplars& newest) const { exemplars_.add_to(newest); }
  /// Any thread; null for none. It has all that an earlier look at the buckets has seen.
  const NativeHistogram* native() const { return native_.get(); }

 private:
  const std::span<const base::Duration> bounds_;
  const std::unique_ptr<NativeHistogram> native_;
  std::array<std::atomic<std::uint64_t>, HistogramValue::kBucketsMax> buckets_{};
  std::atomic<std::uint64_t> sum_nanos_{0};
  ExemplarSlots exemplars_;
};

}  // namespace archestra::telemetry
