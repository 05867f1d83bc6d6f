#include "base/delay_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace archestra::base {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

// Where one delay was counted; kBuckets where it was counted otherwise than once.
std::size_t bucket_of(Duration delay) {
  const auto histogram = std::make_unique<DelayHistogram>();
  histogram->record(delay);
  DelayHistogram::Counts counts{};
  histogram->add_to(counts);
  std::size_t found = DelayHistogram::kBuckets;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 1) found = i;
    all += counts[i];
  }
  return all == 1 ? found : DelayHistogram::kBuckets;
}

TEST(DelayHistogram, KnowsEachDelayWithinTwoPercent) {
  std::size_t last = 0;
  for (double micros = 1; micros < 4.294e9; micros = micros * 1.013 + 0.3) {
    const Duration delay(static_cast<std::int64_t>(micros * 1000));
    const std::size_t bucket = bucket_of(delay);
    ASSERT_LT(bucket, DelayHistogram::kBuckets) << micros;
    ASSERT_GE(bucket, last) << micros;
    last = bucket;
    const double error = to_seconds(DelayHistogram::middle_of(bucket)) - to_seconds(delay);
    ASSERT_LE(std::abs(error), std::max(0.51e-6, 0.02 * to_seconds(delay))) << micros;
  }
  EXPECT_GE(last, DelayHistogram::kBuckets - 5) << "every part of the range was seen";
}

TEST(DelayHistogram, CountsWhatIsOutOfRangeAtItsEnds) {
  EXPECT_EQ(bucket_of(nanoseconds(-5)), 0u);
  EXPECT_EQ(bucket_of(hours(1000)), DelayHistogram::kBuckets - 1);
}

TEST(DelayHistogram, AddsUp) {
  const auto a = std::make_unique<DelayHistogram>();
  const auto b = std::make_unique<DelayHistogram>();
  a->record(microseconds(7));
  a->record(microseconds(7));
  b->record(microseconds(7));
  DelayHistogram::Counts counts{};
  a->add_to(counts);
  b->add_to(counts);
  EXPECT_EQ(counts[7], 3u);
}

}  // namespace
}  // namespace archestra::base
