#include "base/text.h"

#include <gtest/gtest.h>

#include <vector>

namespace archestra::base {
namespace {

TEST(Text, LowerCaseIsOfAsciiAlone) {
  EXPECT_EQ(lower_case("Content-TYPE [@Z`{ 09"), "content-type [@z`{ 09");
  EXPECT_EQ(lower_case("\xc3\x84\xff"), "\xc3\x84\xff");
  EXPECT_EQ(lower_case('Z'), 'z');
}

TEST(Text, TrimmedIsOfBlanksAndTabs) {
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed("\ta b \t"), "a b");
  EXPECT_EQ(trimmed("\na\r"), "\na\r");
}

TEST(Text, ItemsOfAList) {
  struct Case {
    std::string_view list;
    std::vector<std::string_view> items;
  };
  for (const Case& c : {Case{"", {}}, Case{",", {}}, Case{" ,\t, ", {}}, Case{"a", {"a"}},
                        Case{"a,b", {"a", "b"}}, Case{", a b ,,\tc,", {"a b", "c"}}}) {
    std::vector<std::string_view> seen;
    EXPECT_TRUE(for_each_item(c.list, [&](std::string_view item) {
      seen.push_back(item);
      return true;
    }));
    EXPECT_EQ(seen, c.items) << c.list;
  }
}

TEST(Text, AListIsReadUntilSomebodyHasEnough) {
  int seen = 0;
  EXPECT_FALSE(for_each_item("a,b,c", [&](std::string_view item) {
    ++seen;
    return item != "b";
  }));
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace archestra::base
