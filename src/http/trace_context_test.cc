#include "http/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace archestra::http {
namespace {

const std::string kIds = "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";

TEST(Traceparent, IsRead) {
  const auto parsed = parse_traceparent("00" + kIds + "01");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(base::to_hex(parsed->trace_id), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(base::to_hex(parsed->parent_id), "b7ad6b7169203331");
  EXPECT_TRUE(parsed->sampled);
  EXPECT_FALSE(parsed->random);
}

TEST(Traceparent, HasFlags) {
  for (int flags = 0; flags < 256; ++flags) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto parsed = parse_traceparent("00" + kIds + kDigits[flags >> 4] + kDigits[flags & 15]);
    ASSERT_TRUE(parsed) << flags;
    EXPECT_EQ(parsed->sampled, (flags & 1) != 0);
    EXPECT_EQ(parsed->random, (flags & 2) != 0);
  }
}

TEST(Traceparent, LaterVersionsMayHaveMore) {
  EXPECT_TRUE(parse_traceparent("01" + kIds + "01"));
  EXPECT_TRUE(parse_traceparent("cc" + kIds + "01-what-the-future-brings"));
  EXPECT_TRUE(parse_traceparent("fe" + kIds + "01-"));
  EXPECT_FALSE(parse_traceparent("01" + kIds + "01x"));
  EXPECT_FALSE(parse_traceparent("01" + kIds + "01.x"));
}

TEST(Traceparent, IsAbsentWhereItIsWrong) {
  const std::string good = "00" + kIds + "01";
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_traceparent(std::string_view(good).substr(0, size))) << size;
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const char c : {'g', 'A', ' ', '_', '\0'}) {
      std::string bad = good;
      bad[i] = c;
      EXPECT_FALSE(parse_traceparent(bad)) << bad;
    }
  for (const char* text : {"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 "})
    EXPECT_FALSE(parse_traceparent(text)) << text;
}

TEST(Traceparent, IsWrittenAsItIsRead) {
  for (const char* flags : {"00", "01", "02", "03"}) {
    const std::string text = "00" + kIds + flags;
    std::string written(kTraceparentBytes, '?');
    write_traceparent(*parse_traceparent(text), written.data());
    EXPECT_EQ(written, text);
  }
}

}  // namespace
}  // namespace archestra::http
