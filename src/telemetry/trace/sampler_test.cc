#include "telemetry/trace/sampler.h"

#include <gtest/gtest.h>

#include <cmath>

namespace archestra::telemetry {
namespace {

TEST(RatioSampler, AllAndNone) {
  base::Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const base::TraceId id = base::new_trace_id(random);
    EXPECT_TRUE(RatioSampler(1).should_sample(id));
    EXPECT_TRUE(RatioSampler(7).should_sample(id));
    EXPECT_FALSE(RatioSampler(0).should_sample(id));
    EXPECT_FALSE(RatioSampler(-1).should_sample(id));
    EXPECT_FALSE(RatioSampler(std::nan("")).should_sample(id));
  }
}

TEST(RatioSampler, ComparesTheLast8BytesBigEndian) {
  const RatioSampler half(0.5);
  base::TraceId id;
  id.bytes.fill(0xff);
  id.bytes[8] = 0x7f;
  EXPECT_TRUE(half.should_sample(id));
  id.bytes.fill(0);
  id.bytes[8] = 0x80;
  EXPECT_FALSE(half.should_sample(id));
}

TEST(RatioSampler, KeepsItsShareAndMoreAtALargerRatio) {
  base::Random random(20240101);
  const RatioSampler tenth(0.1);
  const RatioSampler third(0.3);
  int kept = 0;
  for (int i = 0; i < 100'000; ++i) {
    const base::TraceId id = base::new_trace_id(random);
    const bool is_kept = tenth.should_sample(id);
    EXPECT_EQ(is_kept, RatioSampler(0.1).should_sample(id));
    if (is_kept) EXPECT_TRUE(third.should_sample(id));
    kept += is_kept ? 1 : 0;
  }
  EXPECT_NEAR(kept, 10'000, 400);  // four standard deviations are 380
}

}  // namespace
}  // namespace archestra::telemetry
