// The numbers behind a series. Each cell has one writing thread and any number of reading ones:
// a relaxed load, an add and a releasing store, which compile to a plain add. A reader sees a recent
// value of each number, and with it all that its writer wrote before.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "base/clock.h"

namespace archestra::telemetry {

/// Adds on the one writing thread of `value`.
template <class T>
inline void add_alone(std::atomic<T>& value, T n) {
  value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_release);
}

/// Counts events and tokens: integers, so that sums over shards are exact.
class Counter {
 public:
  void add(std::uint64_t n = 1) { add_alone(value_, n); }
  std::uint64_t value() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What a shard adds and takes back. Only the sum over shards means something.
class Gauge {
 public:
  void add(std::int64_t n) { add_alone(value_, n); }
  std::int64_t value() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// One histogram's figures at one time, or the sum of several.
struct HistogramValue {
  static constexpr std::size_t kBucketsMax = 16;
  std::array<std::uint64_t, kBucketsMax> buckets{};  ///< not cumulative; the last used one is +Inf
  std::uint64_t sum_nanos = 0;
};

/// Durations in fixed buckets. There is no count: it is the sum of the buckets, so the two cannot
/// disagree however a read and a write interleave. The sum of nanoseconds lasts 584 years.
class Histogram {
 public:
  /// `bounds` outlive the histogram: inclusive upper bounds, ascending.
  explicit Histogram(std::span<const base::Duration> bounds) : bounds_(bounds) {
    ARCHESTRA_ASSERT(bounds.size() < HistogramValue::kBucketsMax, "a bucket for each bound and one for +Inf");
  }

  void observe(base::Duration duration) {
    if (duration < base::Duration::zero()) duration = base::Duration::zero();
    std::size_t bucket = 0;
    while (bucket < bounds_.size() && duration > bounds_[bucket]) ++bucket;
    add_alone(buckets_[bucket], std::uint64_t{1});
    add_alone(sum_nanos_, static_cast<std::uint64_t>(duration.count()));
  }

  /// Any thread.
  void add_to(HistogramValue& total) const {
    for (std::size_t i = 0; i <= bounds_.size(); ++i)
      total.buckets[i] += buckets_[i].load(std::memory_order_acquire);
    total.sum_nanos += sum_nanos_.load(std::memory_order_acquire);
  }

 private:
  const std::span<const base::Duration> bounds_;
  std::array<std::atomic<std::uint64_t>, HistogramValue::kBucketsMax> buckets_{};
  std::atomic<std::uint64_t> sum_nanos_{0};
};

}  // namespace archestra::telemetry
