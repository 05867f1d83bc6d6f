#include "http/tracestate.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace archestra::http {
namespace {

std::string read(std::initializer_list<std::string_view> values) {
  Fields fields;
  for (const std::string_view value : values)
    EXPECT_TRUE(fields.try_add({.name = "tracestate", .value = value, .id = HeaderId::kTracestate}));
  EXPECT_TRUE(fields.try_add({.name = "other", .value = "x=1", .id = HeaderId::kOther}));
  return read_tracestate(fields);
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Tracestate, IsOneListHoweverManyFieldsItHas) {
  EXPECT_EQ(read({}), "");
  EXPECT_EQ(read({""}), "");
  EXPECT_EQ(read({" , ,\t"}), "");
  EXPECT_EQ(read({"a=1"}), "a=1");
  EXPECT_EQ(read({"a=1,b=2", "c=3"}), "a=1,b=2,c=3");
  EXPECT_EQ(read({"a=1 ,\tb=2,", "", ",,c=3"}), "a=1,b=2,c=3");
  EXPECT_EQ(read({"a=1,b=2,a=3"}), "a=1,b=2,a=3");
}

TEST(Tracestate, HasTheWholeAlphabet) {
  for (const std::string_view good :
       {"0=1", "a0_-*/@z=1", "tenant@system=x", "a= b", "a=!\"#$%&'()*+-./0:;<>?@[\\]^_`{|}~"})
    EXPECT_EQ(read({good}), good);
  EXPECT_NE(read({std::string(256, 'k') + "=1"}), read({std::string(257, 'k') + "=1"}));
  const std::string longest = "k=" + std::string(256, 'v');
  EXPECT_EQ(read({longest}), longest);
}

TEST(Tracestate, NothingIsLeftOfOneThatBreaksTheGrammar) {
  const std::string too_long_key = std::string(257, 'k') + "=1";
  const std::string too_long_value = "k=" + std::string(257, 'v');
  for (const std::string_view bad :
       {std::string_view("a"), std::string_view("=1"), std::string_view("a="), std::string_view("A=1"),
        std::string_view("_a=1"), std::string_view("@a=1"), std::string_view("a.b=1"),
        std::string_view("a =1"), std::string_view("a=1=2"), std::string_view("a=\xc3\xa9"),
        std::string_view("a=\t1"), std::string_view(too_long_key), std::string_view(too_long_value)}) {
    EXPECT_EQ(read({bad}), "") << bad;
    EXPECT_EQ(read({"good=1", bad}), "") << bad;
    EXPECT_EQ(read({bad, "good=1"}), "") << bad;
  }
}

TEST(Tracestate, HasNoMoreThan32Members) {
  const std::string most = "a=0" + repeated(",b=1", 31);
  EXPECT_EQ(read({most + ",,"}), most);
  EXPECT_EQ(read({most, "c=2"}), "");
}

TEST(Tracestate, IsCutBetweenMembersLargeOnesFirst) {
  const std::string large = "large=" + std::string(123, 'x');  // of 129 characters
  const std::string small = "small=" + std::string(122, 'x');  // of 128
  const std::string fits = small + "," + small + "," + small + "," + small.substr(0, 125);
  ASSERT_EQ(fits.size(), kTracestateBytesMax);
  EXPECT_EQ(read({fits}), fits);
  EXPECT_EQ(read({large + "," + fits}), fits);
  EXPECT_EQ(read({large, small, large, small}), large + "," + small + "," + small);
  EXPECT_EQ(read({small, small, small, small, "a=1"}), small + "," + small + "," + small);
  EXPECT_EQ(read({"a=1", small, small, small, small}), "a=1," + small + "," + small + "," + small);
  const std::string huge = "h=" + std::string(256, 'x');
  EXPECT_EQ(read({huge, huge}), huge);
}

}  // namespace
}  // namespace archestra::http
