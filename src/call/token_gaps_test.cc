#include "call/token_gaps.h"

#include <gtest/gtest.h>

namespace archestra::call {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""s;

TEST(TokenGaps, ABoundBelongsToItsBucket) {
  TokenGaps gaps;
  gaps.add(0ns);
  gaps.add(5ms);
  gaps.add(5ms + 1ns);
  gaps.add(2500ms);
  gaps.add(2500ms + 1ns);
  EXPECT_EQ(gaps.counts[0], 2u);
  EXPECT_EQ(gaps.counts[1], 1u);
  EXPECT_EQ(gaps.counts[9], 1u);
  EXPECT_EQ(gaps.counts[10], 1u);
  EXPECT_EQ(gaps.sum, 5010ms + 2ns);
}

TEST(TokenGaps, AStallIsLongerThanASecond) {
  TokenGaps gaps;
  gaps.add(1s);
  EXPECT_EQ(gaps.stalls, 0u);
  gaps.add(1s + 1ns);
  EXPECT_EQ(gaps.stalls, 1u);
}

}  // namespace
}  // namespace archestra::call
