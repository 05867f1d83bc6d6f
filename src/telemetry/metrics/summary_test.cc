#include "telemetry/metrics/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr std::array<double, 9> kQuantiles{0, 0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999, 1};
constexpr base::MonotonicTime kStart(1h);
// The sketch of `kStart` is the first of its window: all of it is shown until then, and nothing afterwards.
constexpr base::Duration kWindow = SlidingSketch::kSlice * SlidingSketch::kSlices;
static_assert(kStart.time_since_epoch() % SlidingSketch::kSlice == 0ns);

base::Duration from_seconds(double seconds) { return base::Duration(std::llround(seconds * 1e9)); }

double quantile_of(const SlidingSketch& sketch, double q, base::MonotonicTime now) {
  SketchCounts counts;
  sketch.add_to(counts, now);
  return counts.quantile(q);
}

std::uint64_t count_of(const Summary& summary) {
  SummaryValue value;
  summary.add_to(value);
  return value.count;
}

TEST(SketchScale, NoDurationIsFartherThanOnePercentFromItsBucket) {
  for (double seconds = 1e-6; seconds < 90'000; seconds *= 1.0017) {
    const double shown = SketchScale::seconds_of(SketchScale::bucket_of(from_seconds(seconds)));
    ASSERT_NEAR(shown / base::to_seconds(from_seconds(seconds)), 1, 0.01) << seconds;
  }
}

TEST(SketchScale, WhatIsTooShortOrTooLongHasAPlaceToo) {
  EXPECT_EQ(SketchScale::bucket_of(0ns), 0u);
  EXPECT_EQ(SketchScale::bucket_of(1us), 0u);
  EXPECT_EQ(SketchScale::bucket_of(1us + 1ns), 1u);
  EXPECT_EQ(SketchScale::seconds_of(0), 1e-6);
  EXPECT_EQ(SketchScale::bucket_of(24h * 365), SketchScale::kBuckets - 1);
  EXPECT_EQ(SketchScale::bucket_of(base::Duration::max()), SketchScale::kBuckets - 1);
}

struct Distribution {
  const char* name;
  std::function<double(std::mt19937_64&)> seconds;
};

TEST(SlidingSketch, QuantilesAreWithinOnePercentOfTheExactOnes) {
  const std::array<Distribution, 6> distributions{{
      {"uniform", std::uniform_real_distribution<double>(0.001, 2)},
      {"exponential", std::exponential_distribution<double>(4)},
      {"log-normal", std::lognormal_distribution<double>(-3, 2)},
      {"two humps",
       [](std::mt19937_64& random) {
         return random() % 10 == 0 ? std::normal_distribution<double>(20, 1)(random)
                                   : std::normal_distribution<double>(0.01, 0.001)(random);
       }},
      {"one value", [](std::mt19937_64&) { return 0.123456789; }},
      {"a few values", [](std::mt19937_64& random) { return 0.001 * static_cast<double>(1 + random() % 3); }},
  }};
  for (const Distribution& distribution : distributions) {
    for (const std::size_t count : {1u, 2u, 3u, 100u, 20'000u}) {
      SCOPED_TRACE(std::string(distribution.name) + ", " + std::to_string(count));
      std::mt19937_64 random(count);
      SlidingSketch sketch;
      std::vector<double> exact;
      for (std::size_t i = 0; i < count; ++i) {
        const base::Duration duration = from_seconds(std::max(distribution.seconds(random), 1e-6));
        sketch.observe(duration, kStart);
        exact.push_back(base::to_seconds(duration));
      }
      std::ranges::sort(exact);
      for (const double q : kQuantiles) {
        const double expected = exact[place_of(q, count)];
        EXPECT_NEAR(quantile_of(sketch, q, kStart) / expected, 1, 0.01) << q;
      }
    }
  }
}

TEST(PlaceOf, IsThatOfTheNearestRank) {
  EXPECT_EQ(place_of(0, 5), 0u);
  EXPECT_EQ(place_of(0.5, 1), 0u);
  EXPECT_EQ(place_of(0.5, 2), 0u);
  EXPECT_EQ(place_of(0.95, 2), 1u);
  EXPECT_EQ(place_of(0.5, 3), 1u);
  EXPECT_EQ(place_of(0.95, 20), 18u);
  EXPECT_EQ(place_of(0.99, 100), 98u);
  EXPECT_EQ(place_of(0.999, 100), 99u);
  EXPECT_EQ(place_of(1, 7), 6u);
  for (std::uint64_t count = 1; count < 3000; ++count)  // in whole numbers, which are exact
    for (const std::uint64_t percent : {1u, 5u, 50u, 90u, 95u, 99u})
      ASSERT_EQ(place_of(static_cast<double>(percent) / 100, count), (percent * count + 99) / 100 - 1)
          << percent << " " << count;
}

TEST(SlidingSketch, SeveralAddUp) {
  SlidingSketch one;
  SlidingSketch other;
  for (int i = 0; i < 60; ++i) one.observe(1ms, kStart);
  for (int i = 0; i < 40; ++i) other.observe(1s, kStart);
  SketchCounts counts;
  one.add_to(counts, kStart);
  other.add_to(counts, kStart);
  EXPECT_NEAR(counts.quantile(0.5), 0.001, 0.00001);
  EXPECT_NEAR(counts.quantile(0.9), 1, 0.01);
}

TEST(SlidingSketch, NothingSeenIsNotANumber) {
  const SlidingSketch sketch;
  EXPECT_TRUE(std::isnan(quantile_of(sketch, 0.5, kStart)));
}

// The writer is quiet: the reader alone decides what is old.
TEST(SlidingSketch, WhatIsOldIsNotShown) {
  SlidingSketch sketch;
  sketch.observe(1s, kStart);
  sketch.observe(2s, kStart + SlidingSketch::kSlice);
  EXPECT_NEAR(quantile_of(sketch, 0, kStart + kWindow - 1ns), 1, 0.01);
  EXPECT_NEAR(quantile_of(sketch, 0, kStart + kWindow), 2, 0.02);
  EXPECT_NEAR(quantile_of(sketch, 0, kStart + kWindow + SlidingSketch::kSlice - 1ns), 2, 0.02);
  EXPECT_TRUE(std::isnan(quantile_of(sketch, 0, kStart + kWindow + SlidingSketch::kSlice)));
}

TEST(SlidingSketch, ASliceBeginsAnew) {
  SlidingSketch sketch;
  sketch.observe(1s, kStart);
  sketch.observe(5s, kStart + kWindow);  // the same slice
  EXPECT_NEAR(quantile_of(sketch, 0, kStart + kWindow), 5, 0.05);
  // Also where the reader's time is a little behind.
  EXPECT_NEAR(quantile_of(sketch, 0, kStart + kWindow - 1ns), 5, 0.05);
  for (int round = 0; round < 100; ++round) {
    const base::MonotonicTime now = kStart + round * SlidingSketch::kSlice;
    sketch.observe(std::chrono::seconds(1 + round), now);
    EXPECT_NEAR(quantile_of(sketch, 1, now) / (1 + round), 1, 0.01);
    const int oldest = std::max(0, round - 4);
    if (round > 5) EXPECT_NEAR(quantile_of(sketch, 0, now) / (1 + oldest), 1, 0.01);
  }
}

TEST(Summary, SumAndCountAreOfAllTheTime) {
  Summary summary;
  summary.observe(1s, kStart);
  summary.observe(2s, kStart + 24h);
  summary.observe(-1s, kStart + 24h);
  SummaryValue value;
  summary.add_to(value);
  EXPECT_EQ(value.count, 3u);
  EXPECT_EQ(value.sum_nanos, 3'000'000'000u);
  EXPECT_NEAR(quantile_of(summary.sketch(), 1, kStart + 24h), 2, 0.02);
  EXPECT_NEAR(quantile_of(summary.sketch(), 0, kStart + 24h), 1e-6, 1e-12);
}

// In each period the writer has one duration of its own, and time flies, so that slices begin anew all the
// time. Whatever the reader sees is of the periods that it asked for or of later ones, never of older ones.
TEST(Summary, IsReadWhileItIsWritten) {
  constexpr std::int64_t kPeriods = 20'000;
  std::atomic<std::int64_t> at{0};
  Summary summary;
  const auto time_of = [](std::int64_t period) { return kStart + period * SlidingSketch::kSlice; };
  const auto duration_of = [](std::int64_t period) { return std::chrono::milliseconds(period + 1); };
  std::thread writer([&] {
    for (std::int64_t period = 0; period < kPeriods; ++period) {
      at.store(period, std::memory_order_release);
      for (int i = 0; i < 4; ++i) summary.observe(duration_of(period), time_of(period));
    }
  });
  std::uint64_t seen = 0;
  for (std::int64_t before = 0; before + 1 < kPeriods;) {
    before = at.load(std::memory_order_acquire);
    SketchCounts counts;
    summary.sketch().add_to(counts, time_of(before));
    const std::int64_t after = at.load(std::memory_order_acquire);
    const double least = counts.quantile(0);
    if (std::isnan(least)) continue;
    ++seen;
    const std::int64_t oldest = std::max<std::int64_t>(0, before - 4);
    ASSERT_GE(least, base::to_seconds(duration_of(oldest)) * 0.99);
    ASSERT_LE(counts.quantile(1), base::to_seconds(duration_of(after)) * 1.01);
  }
  writer.join();
  EXPECT_GT(seen, 0u);
  EXPECT_EQ(count_of(summary), static_cast<std::uint64_t>(4 * kPeriods));
}

}  // namespace
}  // namespace archestra::telemetry
