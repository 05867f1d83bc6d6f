#include "telemetry/metrics/summary.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace archestra::telemetry {
namespace {

constexpr base::Duration kShortest = std::chrono::microseconds(1);

/// The object that `slot` holds, made where there is none. The one writing thread's.
template <class T>
T& get_or_make(std::atomic<T*>& slot) {
  T* object = slot.load(std::memory_order_relaxed);
  if (object == nullptr) [[unlikely]] {
    object = new T();
    slot.store(object, std::memory_order_release);
  }
  return *object;
}

}  // namespace

// Bucket i holds what is longer than growth^(i-1) and not longer than growth^i microseconds. Off by one,
// where the logarithm of a bound is not exact, is off by as little.
std::size_t SketchScale::bucket_of(base::Duration duration) {
  if (duration <= kShortest) return 0;
  static const double per_log = 1 / std::log(kGrowth);
  const double ratio = static_cast<double>(duration.count()) / static_cast<double>(kShortest.count());
  return std::min(kBuckets - 1, static_cast<std::size_t>(std::ceil(std::log(ratio) * per_log)));
}

// As far from the lower bound as from the upper one, in parts of either: (growth - 1) / (growth + 1), 0.99 %.
double SketchScale::seconds_of(std::size_t bucket) {
  const double shortest = base::to_seconds(kShortest);
  if (bucket == 0) return shortest;
  return shortest * std::pow(kGrowth, static_cast<double>(bucket)) * 2 / (1 + kGrowth);
}

// 0.95 * 20 is a little more than 19 in binary, and shall not be 20.
std::uint64_t place_of(double q, std::uint64_t count) {
  const double rank = std::ceil(q * static_cast<double>(count) * (1 - 1e-12));
  return rank < 1 ? 0 : std::min(static_cast<std::uint64_t>(rank), count) - 1;
}

double SketchCounts::quantile(double q) const {
  if (total_ == 0) return std::numeric_limits<double>::quiet_NaN();
  const std::uint64_t place = place_of(q, total_);
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    below += counts_[bucket];
    if (below > place) return SketchScale::seconds_of(bucket);
  }
  return SketchScale::seconds_of(counts_.size() - 1);
}

SlidingSketch::Slice::~Slice() {
  for (std::atomic<Page*>& page : pages) delete page.load(std::memory_order_relaxed);
}

SlidingSketch::~SlidingSketch() {
  for (std::atomic<Slice*>& slice : slices_) delete slice.load(std::memory_order_relaxed);
}

// A reader that sees any zero written here, or a count after it, sees afterwards that the period is another.
void SlidingSketch::Slice::begin(std::int64_t new_period) {
  period.store(kNoPeriod, std::memory_order_release);
  for (std::atomic<Page*>& slot : pages)
    if (Page* const page = slot.load(std::memory_order_relaxed))
      for (std::atomic<std::uint32_t>& count : *page) count.store(0, std::memory_order_release);
  period.store(new_period, std::memory_order_release);
}

SlidingSketch::Slice& SlidingSketch::slice_of(std::int64_t period) {
  Slice& slice = get_or_make(slices_[static_cast<std::uint64_t>(period) % kSlices]);
  if (slice.period.load(std::memory_order_relaxed) != period) [[unlikely]]
    slice.begin(period);
  return slice;
}

void SlidingSketch::observe(base::Duration duration, base::MonotonicTime now) {
  const std::size_t bucket = SketchScale::bucket_of(duration);
  Page& page = get_or_make(slice_of(period_of(now)).pages[bucket / kPageBuckets]);
  add_alone(page[bucket % kPageBuckets], std::uint32_t{1});
}

void SlidingSketch::add_to(SketchCounts& total, base::MonotonicTime now) const {
  // The owner may be in a later period already: what is new is always shown.
  const std::int64_t oldest = period_of(now) - static_cast<std::int64_t>(kSlices) + 1;
  for (const std::atomic<Slice*>& slot : slices_)
    if (const Slice* const slice = slot.load(std::memory_order_acquire)) add_slice(*slice, oldest, total);
}

void SlidingSketch::add_slice(const Slice& slice, std::int64_t oldest, SketchCounts& total) {
  const std::int64_t period = slice.period.load(std::memory_order_acquire);
  if (period < oldest) return;
  std::array<std::uint32_t, SketchScale::kBuckets> counts{};
  for (std::size_t i = 0; i < kPages; ++i)
    if (const Page* const page = slice.pages[i].load(std::memory_order_acquire))
      for (std::size_t j = 0; j < kPageBuckets; ++j)
        counts[i * kPageBuckets + j] = (*page)[j].load(std::memory_order_acquire);
  if (slice.period.load(std::memory_order_acquire) != period) return;
  for (std::size_t bucket = 0; bucket < counts.size(); ++bucket)
    if (counts[bucket] > 0) total.add(bucket, counts[bucket]);
}

}  // namespace archestra::telemetry
