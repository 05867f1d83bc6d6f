#include "base/log_limit.h"

#include <gtest/gtest.h>

namespace archestra::base {
namespace {

using std::chrono::milliseconds;

TEST(LogLimit, LetsOneASecondThroughAndCountsTheOthers) {
  LogLimit limit;
  const MonotonicTime start = monotonic_now();
  EXPECT_EQ(limit.admit(start), 0);
  EXPECT_EQ(limit.admit(start), std::nullopt);
  EXPECT_EQ(limit.admit(start + milliseconds(999)), std::nullopt);
  EXPECT_EQ(limit.admit(start + milliseconds(1000)), 2);
  EXPECT_EQ(limit.admit(start + milliseconds(1999)), std::nullopt);
  EXPECT_EQ(limit.admit(start + milliseconds(9000)), 1);
  EXPECT_EQ(limit.admit(start + milliseconds(10000)), 0);
}

}  // namespace
}  // namespace archestra::base
