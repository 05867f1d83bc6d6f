#include "api/attempt_limit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace archestra::api {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr base::MonotonicTime kNow{std::chrono::hours(1)};

TEST(AttemptLimit, SoManyAtOnceThenOneEachPause) {
  AttemptLimit limit(3, 10s);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limit.wait("10.0.0.1", kNow), 0s) << i;
    limit.count("10.0.0.1", kNow);
  }
  EXPECT_EQ(limit.wait("10.0.0.1", kNow), 10s);
  EXPECT_EQ(limit.wait("10.0.0.2", kNow), 0s) << "another address";
  EXPECT_EQ(limit.wait("10.0.0.1", kNow + 9999ms), 1ms);
  EXPECT_EQ(limit.wait("10.0.0.1", kNow + 10s), 0s);
  limit.count("10.0.0.1", kNow + 10s);
  EXPECT_EQ(limit.wait("10.0.0.1", kNow + 10s), 10s);
  EXPECT_EQ(limit.wait("10.0.0.1", kNow + 40s), 0s);
  for (int i = 0; i < 3; ++i) limit.count("10.0.0.1", kNow + 60s);
  EXPECT_EQ(limit.wait("10.0.0.1", kNow + 60s), 10s) << "no credit beyond the first ones";
}

TEST(AttemptLimit, WhoeverHasAnAddressHasItsNetwork) {
  AttemptLimit limit(1, 10s);
  limit.count("2001:db8:1:2:3:4:5:6", kNow);
  EXPECT_GT(limit.wait("2001:db8:1:2::1", kNow), 0s);
  EXPECT_EQ(limit.wait("2001:db8:1:3::1", kNow), 0s);
  limit.count("::ffff:10.0.0.1", kNow);
  EXPECT_GT(limit.wait("10.0.0.1", kNow), 0s) << "the same, mapped";
  EXPECT_EQ(limit.wait("10.0.0.2", kNow), 0s);
  limit.count("", kNow);
  EXPECT_GT(limit.wait("nonsense", kNow), 0s) << "all that is no address is one";
}

TEST(AttemptLimit, TheSameAttemptAgainIsNoGuess) {
  AttemptLimit limit(2, 10s);
  for (int i = 0; i < 9; ++i) limit.count("10.0.0.1", kNow, 7);
  EXPECT_EQ(limit.wait("10.0.0.1", kNow), 0s);
  limit.count("10.0.0.1", kNow, 8);
  EXPECT_EQ(limit.wait("10.0.0.1", kNow), 10s);
}

TEST(AttemptLimit, IsBounded) {
  AttemptLimit limit(2, 10s);
  for (int i = 0; i < 2; ++i) limit.count("192.0.2.1", kNow);
  const auto address = [](std::size_t i) {
    return fmt::format("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255);
  };
  for (std::size_t i = 0; i < 2 * AttemptLimit::kAddressesMax; ++i) limit.count(address(i), kNow);
  EXPECT_EQ(limit.wait("192.0.2.1", kNow), 10s) << "who has been wrong most is remembered";
  // After all are forgiven there is room for as many others.
  for (std::size_t i = 0; i < AttemptLimit::kAddressesMax; ++i) {
    limit.count(address(i), kNow + 60s);
    limit.count(address(i), kNow + 60s);
  }
  for (std::size_t i = 0; i < AttemptLimit::kAddressesMax; ++i)
    ASSERT_EQ(limit.wait(address(i), kNow + 60s), 10s) << i;
}

}  // namespace
}  // namespace archestra::api
