#include "http/accept_encoding.h"

#include <gtest/gtest.h>

namespace archestra::http {
namespace {

TEST(AcceptEncoding, GzipIsForThoseWhoTakeItAndPreferNothing) {
  const std::pair<std::string_view, bool> cases[] = {
      {"gzip", true},
      {"GZip", true},
      {"x-gzip", true},  // RFC 9110 section 8.4.1.3
      {"deflate, gzip;q=0.5", true},
      {"gzip;q=0.001", true},
      {"gzip ; Q=1.000", true},
      {"*", true},
      {"br, *;q=0.1", true},
      {"gzip, identity", true},
      {"gzip;q=0.5, identity;q=0.5", true},
      {"identity;q=0, gzip;q=0.1", true},
      {"", false},
      {"br, deflate, zstd", false},
      {"gzip;q=0", false},
      {"gzip;q=0.000, *", false},
      {"*;q=0", false},
      {"identity", false},
      {"gzip;q=0.5, identity;q=0.6", false},
      {"*;q=0.5, identity", false},
      {"gzip;q=nonsense", false},
      {"gzip;q=1.001", false},
      {"gzipped", false},
  };
  for (const auto& [value, is_wanted] : cases) {
    Fields fields;
    ASSERT_TRUE(fields.try_add({"Accept-Encoding", value}));
    EXPECT_EQ(prefers_gzip(fields), is_wanted) << value;
  }
}

TEST(AcceptEncoding, SeveralFieldsAreOneList) {
  Fields fields;
  EXPECT_FALSE(prefers_gzip(fields)) << "nobody asked";
  ASSERT_TRUE(fields.try_add({"accept-encoding", "gzip;q=0"}));
  ASSERT_TRUE(fields.try_add({"Accept-Encoding", "*"}));
  EXPECT_FALSE(prefers_gzip(fields));
  ASSERT_TRUE(fields.try_add({"ACCEPT-ENCODING", "gzip"}));
  EXPECT_TRUE(prefers_gzip(fields)) << "the last word";
}

}  // namespace
}  // namespace archestra::http
