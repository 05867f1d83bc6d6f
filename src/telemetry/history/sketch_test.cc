#include "telemetry/history/sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/ids.h"

namespace archestra::telemetry {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""us;

// What is promised of percentiles, and a little for what a double cannot say.
constexpr double kAccuracy = 0.03;

double of_one(base::Duration duration) {
  DenseSketch sketch;
  const BucketCount count{.bucket = CoarseScale::bucket_of(duration), .count = 1};
  sketch.add({&count, 1});
  return sketch.percentiles()->p50;
}

TEST(Sketch, EachDurationIsShownWithinThreePercent) {
  for (double us = 1; us < 9e10; us *= 1.00137) {
    const base::Duration duration(static_cast<std::int64_t>(us * 1000));
    const double seconds = base::to_seconds(duration);
    ASSERT_NEAR(of_one(duration), seconds, seconds * kAccuracy) << us << " us";
  }
}

TEST(Sketch, WhatIsShorterOrLongerCountsAsTheEnds) {
  for (const base::Duration shorter : {-1'000'000ns, 0ns, 1ns, 1000ns})
    EXPECT_DOUBLE_EQ(of_one(shorter), 1e-6) << shorter.count();
  EXPECT_DOUBLE_EQ(of_one(1000h), of_one(100'000h));
  EXPECT_LT(CoarseScale::bucket_of(base::Duration::max()), CoarseScale::kBuckets);
}

TEST(Sketch, PercentilesAreThoseOfTheDurationsWithTheirRanks) {
  const std::uint64_t seed = base::Random::from_entropy().next();
  base::Random random(seed);
  for (const std::size_t count : {1U, 2U, 7U, 100U, 5000U}) {
    std::vector<double> seconds;
    SparseSketch sparse;
    for (std::size_t i = 0; i < count; ++i) {
      const base::Duration duration(static_cast<std::int64_t>(std::exp(random.unit() * 15 + 8)));
      seconds.push_back(base::to_seconds(duration));
      sparse.add(CoarseScale::bucket_of(duration));
    }
    std::ranges::sort(seconds);
    DenseSketch dense;
    dense.add(sparse.counts());
    const auto found = dense.percentiles();
    ASSERT_TRUE(found);
    for (const auto& [q, value] :
         {std::pair(0.5, found->p50), std::pair(0.95, found->p95), std::pair(0.99, found->p99)}) {
      const double exact = seconds[place_of(q, static_cast<std::uint64_t>(count))];
      EXPECT_NEAR(value, exact, exact * kAccuracy) << q << " of " << count << ", seed " << seed;
    }
  }
}

TEST(Sketch, AddsUpWhateverTheOrder) {
  SparseSketch one;
  SparseSketch other;
  SparseSketch both;
  for (int i = 0; i < 200; ++i) {
    const auto bucket = static_cast<std::uint32_t>(i * 37 % 101);
    (i % 3 == 0 ? one : other).add(bucket);
    both.add(bucket);
  }
  other.add(one.counts());
  EXPECT_TRUE(std::ranges::equal(other.counts(), both.counts()));
  EXPECT_TRUE(std::ranges::is_sorted(both.counts(), {}, &BucketCount::bucket));
}

TEST(Sketch, CountsBeyond32Bits) {
  DenseSketch sketch;
  const BucketCount counts[] = {{.bucket = 10, .count = 3'000'000'000}, {.bucket = 20, .count = 1}};
  for (int slot = 0; slot < 2; ++slot) sketch.add(counts);
  EXPECT_DOUBLE_EQ(sketch.percentiles()->p99, CoarseScale::seconds_of(10));
}

TEST(Sketch, ForgetsAll) {
  DenseSketch sketch;
  EXPECT_FALSE(sketch.percentiles());
  const BucketCount counts[] = {{.bucket = 0, .count = 5}, {.bucket = CoarseScale::kBuckets - 1, .count = 1}};
  sketch.add(counts);
  EXPECT_TRUE(sketch.percentiles());
  sketch.clear();
  EXPECT_FALSE(sketch.percentiles());
  sketch.add({counts + 1, 1});
  EXPECT_GT(sketch.percentiles()->p50, 3600);
}

}  // namespace
}  // namespace archestra::telemetry
