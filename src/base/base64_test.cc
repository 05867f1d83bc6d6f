#include "base/base64.h"

#include <gtest/gtest.h>

#include "base/secret.h"

namespace archestra::base {
namespace {

// RFC 4648 section 10.
TEST(Base64, TestVectorsOfTheRfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(Secret, MatchesOnlyItself) {
  const Secret secret("open sesame");
  EXPECT_TRUE(secret.matches("open sesame"));
  EXPECT_FALSE(secret.matches("open sesamf"));
  EXPECT_FALSE(secret.matches("open sesame "));
  EXPECT_FALSE(secret.matches(""));
}

}  // namespace
}  // namespace archestra::base
