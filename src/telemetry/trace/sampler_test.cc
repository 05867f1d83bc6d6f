#include "telemetry/trace/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>

namespace archestra::telemetry {
namespace {

TEST(Sampler, AllAndNone) {
  base::Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const base::TraceId id = base::new_trace_id(random);
    EXPECT_TRUE(Sampler(1).should_sample(id, std::nullopt));
    EXPECT_TRUE(Sampler(7).should_sample(id, std::nullopt));
    EXPECT_FALSE(Sampler(0).should_sample(id, std::nullopt));
    EXPECT_FALSE(Sampler(-1).should_sample(id, std::nullopt));
    EXPECT_FALSE(Sampler(std::nan("")).should_sample(id, std::nullopt));
  }
}

TEST(Sampler, ComparesTheLast8BytesBigEndian) {
  const Sampler half(0.5);
  base::TraceId id;
  id.bytes.fill(0xff);
  id.bytes[8] = 0x7f;
  EXPECT_TRUE(half.should_sample(id, std::nullopt));
  id.bytes.fill(0);
  id.bytes[8] = 0x80;
  EXPECT_FALSE(half.should_sample(id, std::nullopt));
}

TEST(Sampler, KeepsItsShareAndMoreAtALargerRatio) {
  base::Random random(20240101);
  const Sampler tenth(0.1);
  const Sampler third(0.3);
  int kept = 0;
  for (int i = 0; i < 100'000; ++i) {
    const base::TraceId id = base::new_trace_id(random);
    const bool is_kept = tenth.should_sample(id, std::nullopt);
    EXPECT_EQ(is_kept, Sampler(0.1).should_sample(id, std::nullopt));
    if (is_kept) EXPECT_TRUE(third.should_sample(id, std::nullopt));
    kept += is_kept ? 1 : 0;
  }
  EXPECT_NEAR(kept, 10'000, 400);  // four standard deviations are 380
}

TEST(Sampler, LeavesItToTheParentUnlessToldOtherwise) {
  const base::TraceId id{};
  for (const double ratio : {0.0, 1.0}) {
    EXPECT_TRUE(Sampler(ratio).should_sample(id, true));
    EXPECT_FALSE(Sampler(ratio).should_sample(id, false));
    const Sampler alone(ratio, Sampler::Parent::kIsIgnored);
    for (const bool parent : {true, false}) EXPECT_EQ(alone.should_sample(id, parent), ratio == 1);
  }
}

}  // namespace
}  // namespace archestra::telemetry
