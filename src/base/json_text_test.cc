#include "base/json_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace archestra::base {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonText, EscapesWhatJsonMust) {
  EXPECT_EQ(json_string("plain"), R"("plain")");
  EXPECT_EQ(json_string("a\"b\\c\n\r\t\x01"), R"("a\"b\\c\n\r\t\u0001")");
  EXPECT_EQ(json_string("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
}

TEST(JsonText, FindsASpecialCharacterAtAnyPlace) {
  const std::pair<std::string_view, std::string_view> specials[] = {
      {"\"", "\\\""},           {"\\", "\\\\"},           {"\x1f", "\\u001f"},
      {"\xc3\xbc", "\xc3\xbc"}, {"\xff", "\xef\xbf\xbd"}, {"\x7f", "\x7f"}};
  const std::string plain = " !#[]^~az09 !#[]^~az09 !";  // the neighbours of what is escaped are not
  EXPECT_EQ(json_string(plain), '"' + plain + '"');
  for (const auto& [special, printed] : specials) {
    for (std::size_t at = 0; at <= plain.size(); ++at) {
      std::string text = plain;
      text.insert(at, special);
      std::string expected = '"' + plain + '"';
      expected.insert(at + 1, printed);
      EXPECT_EQ(json_string(text), expected);
    }
  }
}

TEST(JsonText, ReplacesInvalidUtf8) {
  EXPECT_EQ(json_string("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(json_string("\xc3"), "\"\xef\xbf\xbd\"");                  // cut off
  EXPECT_EQ(json_string("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // overlong
  EXPECT_EQ(utf8_sequence_length("\xed\xa0\x80"), 0u);                 // a surrogate
  EXPECT_EQ(utf8_sequence_length("\xf4\x90\x80\x80"), 0u);             // above U+10FFFF
}

TEST(JsonText, PrintsTimeAsRfc3339) {
  const auto printed = [](std::int64_t seconds, std::int64_t nanos) {
    std::string out;
    append_iso_time(out, WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos)));
    return out;
  };
  EXPECT_EQ(printed(1'700'000'000, 123'456'789), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(printed(0, 0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(printed(951'782'399, 999'999'999), "2000-02-28T23:59:59.999999Z");
  EXPECT_EQ(printed(951'782'400, 1'000), "2000-02-29T00:00:00.000001Z");
  EXPECT_EQ(printed(1'735'689'599, 0), "2024-12-31T23:59:59.000000Z");
  EXPECT_EQ(printed(4'102'444'800, 0), "2100-01-01T00:00:00.000000Z");
  EXPECT_EQ(printed(-1, 0), "1969-12-31T23:59:59.000000Z");
}

TEST(JsonText, MakesHalvesOfCharactersWhole) {
  struct Case {
    std::string_view text;
    std::string_view whole;
  };
  constexpr Case kCases[] = {{R"({"a":"\ud83d\ude00 \u00e9 \n"})", R"({"a":"\ud83d\ude00 \u00e9 \n"})"},
                             {R"("\ud83d")", R"("\ufffd")"},
                             {R"("\uDE00x")", R"("\ufffdx")"},
                             {R"("\ud83d\ud83d\ude00")", R"("\ufffd\ud83d\ude00")"},
                             {R"("\ud83d\n\ude00")", R"("\ufffd\n\ufffd")"},
                             {R"("\\ud83d")", R"("\\ud83d")"},
                             {R"("\\\ud83d")", R"("\\\ufffd")"},
                             {R"(\ud83)", R"(\ud83)"},
                             {R"(\u-83d)", R"(\u-83d)"},
                             {R"(\)", R"(\)"},
                             {"", ""}};
  for (const Case& c : kCases) {
    std::string scratch;
    const std::string_view whole = with_whole_characters(c.text, scratch);
    EXPECT_EQ(whole, c.whole);
    EXPECT_EQ(whole.data() == c.text.data(), c.text == c.whole) << "copied only where it has to be";
  }
}

}  // namespace
}  // namespace archestra::base
