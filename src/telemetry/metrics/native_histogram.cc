#include "telemetry/metrics/native_histogram.h"

#include <algorithm>
#include <cmath>

#include "base/stats.h"

namespace archestra::telemetry {
namespace {

constexpr std::size_t kPerOctave = std::size_t{1} << NativeScale::kSchema;

/// 0.5 * 2^(j / 8): the fractions of frexp() that buckets end at.
constexpr std::array<double, kPerOctave> kFractions{
    0.5,
    0.5452538663326288,
    0.5946035575013605,
    0.6484197773255048,
    0.7071067811865475,
    0.7711054127039704,
    0.8408964152537144,
    0.9170040432046711,
};

}  // namespace

// As Prometheus' client libraries find it, so that a value on a bound is in the same bucket with all.
std::int32_t NativeScale::index_of(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  const auto place = std::ranges::lower_bound(kFractions, fraction) - kFractions.begin();
  return static_cast<std::int32_t>(place) + (exponent - 1) * static_cast<std::int32_t>(kPerOctave);
}

NativeFigures::NativeFigures(const NativeValue& value) : zeros(value.zeros) {
  for (std::size_t i = 0; i < value.buckets.size(); ++i)
    if (value.buckets[i] > 0)
      buckets.push_back({NativeScale::kFirst + static_cast<std::int32_t>(i), value.buckets[i]});
}

std::uint64_t NativeFigures::count() const {
  std::uint64_t count = zeros;
  for (const Bucket& bucket : buckets) count += bucket.count;
  return count;
}

NativeHistogram::~NativeHistogram() {
  for (const std::atomic<Chunk*>& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
}

void NativeHistogram::observe(base::Duration duration) {
  if (duration == base::Duration::zero()) return base::add_alone(zeros_, std::uint64_t{1});
  const std::int32_t index = NativeScale::index_of(static_cast<double>(duration.count()) / one_);
  constexpr auto kLast = static_cast<std::int32_t>(NativeScale::kBuckets) - 1;
  const auto place = static_cast<std::size_t>(std::clamp(index - NativeScale::kFirst, 0, kLast));
  std::atomic<Chunk*>& slot = chunks_[place / kChunkBuckets];
  Chunk* chunk = slot.load(std::memory_order_relaxed);
  if (chunk == nullptr) [[unlikely]] {
    chunk = new Chunk{};
    slot.store(chunk, std::memory_order_release);
  }
  base::add_alone((*chunk)[place % kChunkBuckets], std::uint64_t{1});
}

void NativeHistogram::add_to(NativeValue& total) const {
  total.zeros += zeros_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    const Chunk* const chunk = chunks_[i].load(std::memory_order_acquire);
    if (chunk == nullptr) continue;
    for (std::size_t k = 0; k < kChunkBuckets; ++k)
      total.buckets[i * kChunkBuckets + k] += (*chunk)[k].load(std::memory_order_acquire);
  }
}

}  // namespace archestra::telemetry
