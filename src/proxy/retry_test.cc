#include "proxy/retry.h"

#include <gtest/gtest.h>

#include <string_view>

namespace archestra::proxy {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr RetryPolicy kPolicy{.retries_max = 3, .backoff = milliseconds(100), .wait_max = seconds(1)};
constexpr double kHalf = 0.5;

// A try that may be repeated, with `change` done to it.
template <class Change>
FailedTry failed(Change change) {
  FailedTry tried{.status_code = 503, .time_left = hours(1), .chance = kHalf};
  change(tried);
  return tried;
}

TEST(Retry, IsOffByDefault) {
  EXPECT_FALSE(pause_before_retry(RetryPolicy{}, failed([](FailedTry&) {})));
  EXPECT_FALSE(pause_before_retry(RetryPolicy{}, failed([](FailedTry& tried) { tried.status_code = 0; })));
}

TEST(Retry, FollowsAFailureToConnectAndFourStatuses) {
  for (int status = 0; status < 1000; ++status) {
    const bool is_expected = status == 0 || status == 429 || status == 502 || status == 503 || status == 529;
    const auto pause =
        pause_before_retry(kPolicy, failed([&](FailedTry& tried) { tried.status_code = status; }));
    EXPECT_EQ(pause.has_value(), is_expected) << status;
  }
}

TEST(Retry, PausesAndRefusals) {
  struct Case {
    std::string_view name;
    FailedTry tried;
    std::optional<base::Duration> length;  // none: no retry
    base::Duration asked_for{};
  };
  const Case cases[] = {
      {"after the first try", failed([](FailedTry&) {}), milliseconds(50)},
      {"twice as long after the second", failed([](FailedTry& t) { t.tries_before = 1; }), milliseconds(100)},
      {"and the third", failed([](FailedTry& t) { t.tries_before = 2; }), milliseconds(200)},
      {"none after the last", failed([](FailedTry& t) { t.tries_before = 3; }), std::nullopt},
      {"full jitter: from nothing", failed([](FailedTry& t) { t.chance = 0; }), milliseconds(0)},
      {"what streamed cannot be sent again", failed([](FailedTry& t) { t.is_repeatable = false; }),
       std::nullopt},
      {"as long as the upstream asks", failed([](FailedTry& t) { t.retry_after = milliseconds(700); }),
       milliseconds(700), milliseconds(700)},
      {"no less than the back-off", failed([](FailedTry& t) { t.retry_after = milliseconds(20); }),
       milliseconds(50), milliseconds(20)},
      {"at once, if it says so", failed([](FailedTry& t) {
         t.retry_after = milliseconds(0);
         t.chance = 0;
       }),
       milliseconds(0)},
      {"up to the longest", failed([](FailedTry& t) { t.retry_after = seconds(1); }), seconds(1), seconds(1)},
      {"not for longer", failed([](FailedTry& t) { t.retry_after = milliseconds(1001); }), std::nullopt},
      {"nor for years", failed([](FailedTry& t) { t.retry_after = seconds(4294967295); }), std::nullopt},
      {"within the call's time", failed([](FailedTry& t) { t.time_left = milliseconds(51); }),
       milliseconds(50)},
      {"not at its end", failed([](FailedTry& t) { t.time_left = milliseconds(50); }), std::nullopt},
      {"nor after it", failed([](FailedTry& t) { t.time_left = -seconds(1); }), std::nullopt},
  };
  for (const Case& c : cases) {
    const auto pause = pause_before_retry(kPolicy, c.tried);
    ASSERT_EQ(pause.has_value(), c.length.has_value()) << c.name;
    if (!pause) continue;
    EXPECT_EQ(pause->length, *c.length) << c.name;
    EXPECT_EQ(pause->asked_for, c.asked_for) << c.name;
  }
}

TEST(Retry, TheBackOffGrowsToTheLongestPauseAndNotBeyond) {
  const RetryPolicy patient{.retries_max = 1'000'000, .backoff = milliseconds(300), .wait_max = seconds(2)};
  const base::Duration expected[] = {milliseconds(150), milliseconds(300), milliseconds(600), seconds(1)};
  for (const unsigned tries_before : {0u, 1u, 2u, 3u, 4u, 100u, 999'999u}) {
    const auto pause =
        pause_before_retry(patient, failed([&](FailedTry& tried) { tried.tries_before = tries_before; }));
    ASSERT_TRUE(pause) << tries_before;
    EXPECT_EQ(pause->length, expected[std::min(tries_before, 3u)]) << tries_before;
  }
}

TEST(Retry, TheFirstPauseIsNoLongerThanTheLongestEither) {
  const RetryPolicy hasty{.retries_max = 1, .backoff = seconds(60), .wait_max = milliseconds(10)};
  EXPECT_EQ(pause_before_retry(hasty, failed([](FailedTry&) {}))->length, milliseconds(5));
}

}  // namespace
}  // namespace archestra::proxy
