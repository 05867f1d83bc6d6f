#include "telemetry/metrics/cells.h"

#include <gtest/gtest.h>

#include <chrono>

#include "call/token_gaps.h"

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr std::array<base::Duration, 3> kBounds{5ms, 10ms, 1s};

HistogramValue value_of(const Histogram& histogram) {
  HistogramValue value;
  histogram.add_to(value);
  return value;
}

TEST(Cells, CounterAndGaugeAdd) {
  Counter counter;
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
  Gauge gauge;
  gauge.add(1);
  gauge.add(-3);
  EXPECT_EQ(gauge.value(), -2);
}

TEST(Histogram, UpperBoundsAreInclusive) {
  const struct {
    base::Duration duration;
    std::size_t bucket;
  } cases[] = {{0ns, 0},        {5ms, 0}, {5ms + 1ns, 1}, {10ms, 1},
               {10ms + 1ns, 2}, {1s, 2},  {1s + 1ns, 3},  {24h, 3}};
  for (const auto& [duration, bucket] : cases) {
    Histogram histogram(kBounds);
    histogram.observe(duration);
    const HistogramValue value = value_of(histogram);
    for (std::size_t i = 0; i < value.buckets.size(); ++i)
      EXPECT_EQ(value.buckets[i], i == bucket ? 1u : 0u) << duration.count() << " ns, bucket " << i;
    EXPECT_EQ(value.sum_nanos, static_cast<std::uint64_t>(duration.count()));
  }
}

TEST(Histogram, ADurationBelowZeroCountsAsZero) {
  Histogram histogram(kBounds);
  histogram.observe(-5ms);
  EXPECT_EQ(value_of(histogram).buckets[0], 1u);
  EXPECT_EQ(value_of(histogram).sum_nanos, 0u);
}

TEST(Histogram, TakesWhatWasCountedElsewhere) {
  call::TokenGaps gaps;
  for (const base::Duration gap : {0ms, 5ms, 6ms, 3000ms}) gaps.add(gap);
  Histogram histogram(call::kTokenGapBounds);
  for (int i = 0; i < 2; ++i) histogram.add(gaps.counts, gaps.sum);
  HistogramValue value;
  histogram.add_to(value);
  EXPECT_EQ(value.buckets[0], 4u);
  EXPECT_EQ(value.buckets[1], 2u);
  EXPECT_EQ(value.buckets[call::kTokenGapBounds.size()], 2u);
  EXPECT_EQ(value.sum_nanos, 2u * 3'011'000'000);
}

TEST(Histogram, ValuesOfSeveralAddUp) {
  Histogram one(kBounds);
  Histogram other(kBounds);
  one.observe(1ms);
  other.observe(2ms);
  other.observe(2s);
  HistogramValue total;
  one.add_to(total);
  other.add_to(total);
  EXPECT_EQ(total.buckets[0], 2u);
  EXPECT_EQ(total.buckets[3], 1u);
  EXPECT_EQ(total.sum_nanos, 2'003'000'000u);
}

}  // namespace
}  // namespace archestra::telemetry
