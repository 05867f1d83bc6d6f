#include "http/retry_after.h"

#include <gtest/gtest.h>

namespace archestra::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::WallTime kNow{seconds(1792567680)};  // Wed, 21 Oct 2026 07:28:00 GMT
constexpr seconds kLongest{4294967295};

TEST(RetryAfter, IsSecondsOrADate) {
  struct Case {
    const char* text;
    std::optional<base::Duration> wait;
  };
  const Case cases[] = {
      {"0", seconds(0)},
      {"7", seconds(7)},
      {"007", seconds(7)},
      {"86400", seconds(86400)},
      {"4294967295", kLongest},
      {"4294967296", kLongest},
      {"99999999999999999999999", kLongest},
      {"Wed, 21 Oct 2026 07:28:09 GMT", seconds(9)},
      {"Wed, 21 Oct 2026 07:28:00 GMT", seconds(0)},
      {"Wed, 21 Oct 2026 07:27:59 GMT", seconds(0)},
      {"Thu, 01 Jan 1970 00:00:00 GMT", seconds(0)},
      {"Mon, 01 Jan 0001 00:00:00 GMT", seconds(0)},
      {"Fri, 31 Dec 9999 23:59:59 GMT", kLongest},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"1.5", std::nullopt},
      {"7 ", std::nullopt},
      {" 7", std::nullopt},
      {"7s", std::nullopt},
      {"tomorrow", std::nullopt},
      {"Wed, 21 Oct 2026 07:28:09 GMT, or so", std::nullopt},
      {"Wed, 21 Oct 2026 07:28:09 CET", std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(parse_retry_after(c.text, kNow), c.wait) << c.text;
}

TEST(RetryAfter, ADateIsReachedNotASecondEarly) {
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2026 07:28:09 GMT", kNow + milliseconds(400)), milliseconds(8600));
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2026 07:28:00 GMT", kNow + milliseconds(400)), milliseconds(0));
}

}  // namespace
}  // namespace archestra::http
