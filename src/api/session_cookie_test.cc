#include "api/session_cookie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(SessionCookie, IsWritten) {
  EXPECT_EQ(set_cookie(CookieScope::kAnyScheme, "abc", std::chrono::hours(12)),
            "Set-Cookie: archestra_session=abc; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict\r\n");
  EXPECT_EQ(
      set_cookie(CookieScope::kHttpsOnly, "abc", std::chrono::seconds(1)),
      "Set-Cookie: __Host-archestra_session=abc; Path=/; Max-Age=1; HttpOnly; SameSite=Strict; Secure\r\n");
  EXPECT_EQ(clear_cookie(CookieScope::kAnyScheme),
            "Set-Cookie: archestra_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict\r\n");
}

TEST(SessionCookie, IsFound) {
  const auto found = [](std::string_view cookies) {
    return session_cookies(CookieScope::kAnyScheme, cookies);
  };
  EXPECT_THAT(found(""), IsEmpty());
  EXPECT_THAT(found("archestra_session=abc"), ElementsAre("abc"));
  EXPECT_THAT(found("a=1; archestra_session=abc;b=2"), ElementsAre("abc"));
  EXPECT_THAT(found("archestra_session=a=b"), ElementsAre("a=b"));
  EXPECT_THAT(found("archestra_session="), ElementsAre(""));
  EXPECT_THAT(found("archestra_session=1; archestra_session=2"), ElementsAre("1", "2"));
  for (const char* other :
       {"archestra_session", "Archestra_Session=1", "xarchestra_session=1", "archestra_session2=1",
        "__Host-archestra_session=1", "a=archestra_session=1", ";;=;", "archestra_session =1"})
    EXPECT_THAT(found(other), IsEmpty()) << other;
  std::string many;
  for (int i = 0; i < 100; ++i) many += "archestra_session=x; ";
  EXPECT_THAT(found(many), SizeIs(4));
}

TEST(SessionCookie, OfHttpsHasANameOfItsOwn) {
  EXPECT_THAT(
      session_cookies(CookieScope::kHttpsOnly, "archestra_session=tossed; __Host-archestra_session=abc"),
      ElementsAre("abc"));
}

}  // namespace
}  // namespace archestra::api
