#include "base/json_text.h"

#include <gtest/gtest.h>

namespace archestra::base {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonText, EscapesWhatJsonMust) {
  EXPECT_EQ(quoted("plain"), R"("plain")");
  EXPECT_EQ(quoted("a\"b\\c\n\r\t\x01"), R"("a\"b\\c\n\r\t\u0001")");
  EXPECT_EQ(quoted("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
}

TEST(JsonText, ReplacesInvalidUtf8) {
  EXPECT_EQ(quoted("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(quoted("\xc3"), "\"\xef\xbf\xbd\"");                  // cut off
  EXPECT_EQ(quoted("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // overlong
  EXPECT_EQ(utf8_sequence_length("\xed\xa0\x80"), 0u);            // a surrogate
  EXPECT_EQ(utf8_sequence_length("\xf4\x90\x80\x80"), 0u);        // above U+10FFFF
}

TEST(JsonText, PrintsTimeAsRfc3339) {
  std::string out;
  append_iso_time(out, WallTime(std::chrono::nanoseconds(1'700'000'000'123'456'789)));
  EXPECT_EQ(out, "2023-11-14T22:13:20.123456Z");
}

}  // namespace
}  // namespace archestra::base
