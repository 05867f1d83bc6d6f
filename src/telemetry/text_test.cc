#include "telemetry/text.h"

#include <gtest/gtest.h>

namespace archestra::telemetry {
namespace {

TEST(Text, IsCutAtTheLimit) {
  EXPECT_EQ(cut_text("abc", 3), "abc");
  EXPECT_EQ(cut_text("abcd", 3), "abc");
  EXPECT_EQ(cut_text("abcd", 0), "");
}

TEST(Text, IsNotCutInsideACharacter) {
  const std::string_view text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";  // a, 2, 3 and 4 bytes, z
  EXPECT_EQ(cut_text(text, 1), "a");
  EXPECT_EQ(cut_text(text, 2), "a");
  EXPECT_EQ(cut_text(text, 3), "a\xc3\xa9");
  EXPECT_EQ(cut_text(text, 5), "a\xc3\xa9");
  EXPECT_EQ(cut_text(text, 6), "a\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(cut_text(text, 9), "a\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(cut_text(text, 10), "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(Text, OfContinuationBytesAloneIsStillCut) {
  EXPECT_EQ(cut_text(std::string(1000, '\x80'), 256).size(), 253u);
}

TEST(Text, ThatIsValidIsNotCopied) {
  std::string scratch;
  for (const std::string_view text :
       {"", "plain", "long enough for words of eight", "gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80"})
    EXPECT_EQ(as_valid_utf8(text, scratch).data(), text.data());
}

TEST(Text, BadBytesBecomeReplacementCharacters) {
  std::string scratch;
  EXPECT_EQ(as_valid_utf8("a\xff"
                          "b",
                          scratch),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(as_valid_utf8("12345678\xc3", scratch), "12345678\xef\xbf\xbd");
  EXPECT_EQ(as_valid_utf8("\xc3\xa9\x80\x80", scratch), "\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(as_valid_utf8("\xed\xa0\x80", scratch), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace archestra::telemetry
