#include "telemetry/metrics/native_histogram.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <thread>

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

NativeFigures figures_of(const NativeHistogram& histogram) {
  NativeValue value;
  histogram.add_to(value);
  return NativeFigures(value);
}

TEST(NativeScale, IndexesAreThoseOfPrometheus) {
  const struct {
    double value;
    std::int32_t index;
  } cases[] = {{0.001, -79}, {0.5, -8}, {1, 0}, {1.5, 5}, {2, 8}, {10, 27}};
  for (const auto& [value, index] : cases) EXPECT_EQ(NativeScale::index_of(value), index) << value;
}

TEST(NativeScale, EachBucketHoldsWhatItsBoundsSay) {
  for (double value = 1e-9; value < 1e10; value *= 1.0137) {
    const std::int32_t index = NativeScale::index_of(value);
    EXPECT_LE(value, std::exp2(index / 8.0) * (1 + 1e-15)) << value;
    EXPECT_GT(value, std::exp2((index - 1) / 8.0) * (1 - 1e-15)) << value;
  }
}

TEST(NativeScale, AllDurationsHaveAPlace) {
  EXPECT_GE(NativeScale::index_of(1e-9), NativeScale::kFirst);
  constexpr double kLongest = 0x1p63 / 1e9;
  EXPECT_LT(NativeScale::index_of(kLongest),
            NativeScale::kFirst + static_cast<std::int32_t>(NativeScale::kBuckets));
}

TEST(NativeHistogram, CountsInBucketsInOrder) {
  NativeHistogram histogram(1s);
  EXPECT_TRUE(figures_of(histogram).buckets.empty());
  for (const base::Duration duration : {10s, 1s, 0s, 2s, 2s, 0s, 0s}) histogram.observe(duration);
  const NativeFigures figures = figures_of(histogram);
  EXPECT_EQ(figures.zeros, 3u);
  EXPECT_EQ(figures.count(), 7u);
  ASSERT_EQ(figures.buckets.size(), 3u);
  EXPECT_EQ(figures.buckets[0].index, 0);
  EXPECT_EQ(figures.buckets[0].count, 1u);
  EXPECT_EQ(figures.buckets[1].index, 8);
  EXPECT_EQ(figures.buckets[1].count, 2u);
  EXPECT_EQ(figures.buckets[2].index, 27);
}

TEST(NativeHistogram, CountsInItsUnit) {
  NativeHistogram histogram(1ms);
  histogram.observe(2ms);
  EXPECT_EQ(figures_of(histogram).buckets.at(0).index, 8);
}

TEST(NativeHistogram, WhatIsBeyondItsBucketsIsInTheLastOne) {
  NativeHistogram histogram(1ns);
  histogram.observe(base::Duration::max());
  const NativeFigures figures = figures_of(histogram);
  ASSERT_EQ(figures.buckets.size(), 1u);
  EXPECT_EQ(figures.buckets[0].index, 271);
}

TEST(NativeHistogram, SeveralAddUp) {
  NativeHistogram one(1s);
  NativeHistogram other(1s);
  one.observe(2s);
  other.observe(2s);
  other.observe(0s);
  NativeValue total;
  one.add_to(total);
  other.add_to(total);
  const NativeFigures figures(total);
  EXPECT_EQ(figures.zeros, 1u);
  ASSERT_EQ(figures.buckets.size(), 1u);
  EXPECT_EQ(figures.buckets[0].count, 2u);
}

TEST(NativeHistogram, IsReadWhileItIsWritten) {
  NativeHistogram histogram(1s);
  std::atomic<bool> is_over{false};
  constexpr std::uint64_t kValues = 100'000;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kValues; ++i) histogram.observe(base::Duration(i * i));
    is_over = true;
  });
  std::uint64_t seen = 0;
  while (!is_over) {
    const std::uint64_t count = figures_of(histogram).count();
    ASSERT_GE(count, seen);
    seen = count;
  }
  writer.join();
  EXPECT_EQ(figures_of(histogram).count(), kValues);
}

}  // namespace
}  // namespace archestra::telemetry
