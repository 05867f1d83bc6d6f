#include "providers/event_shape.h"

#include <gtest/gtest.h>

#include <string>

namespace archestra::providers {
namespace {

// Learns `event`, whose gaps are marked by '^' before their quotes.
EventShape shape_of(std::string event) {
  const auto take_mark = [&] {
    const std::size_t at = event.find('^');
    if (at != std::string::npos) event.erase(at, 1);
    return at;
  };
  const std::size_t first = take_mark();
  const std::size_t second = take_mark();
  EventShape shape;
  if (second == std::string::npos)
    shape.learn(event, {first});
  else
    shape.learn(event, {first, second});
  return shape;
}

TEST(EventShape, MatchesNothingBeforeItLearns) {
  EXPECT_FALSE(EventShape().matches(""));
  EXPECT_FALSE(EventShape().matches("\"a\""));
}

TEST(EventShape, MatchesWhatDiffersInItsGapsOnly) {
  const EventShape shape = shape_of("data: {\"a\":^\"x\",\"b\":1,\"c\":^\"y\"}\n\n");
  EXPECT_TRUE(shape.matches("data: {\"a\":\"x\",\"b\":1,\"c\":\"y\"}\n\n"));
  EXPECT_TRUE(shape.matches("data: {\"a\":\"another\",\"b\":1,\"c\":\"longer than that\"}\n\n"));
  for (const char* event :
       {"", "data: ", "data: {\"a\":\"x\",\"b\":2,\"c\":\"y\"}\n\n",
        "data: {\"a\":\"x\",\"b\":1,\"c\":\"y\"}\n", "data: {\"a\":\"x\",\"b\":1,\"c\":\"y\"}\n\n\n",
        "data: {\"a\":\"x\",\"b\":1,\"c\":\"y\"", "data: {\"a\":\"x\",\"b\":1,\"c\":\"y", "data: {\"a\":\"x",
        "data: {\"A\":\"x\",\"b\":1,\"c\":\"y\"}\n\n", "data: {\"a\":\"\",\"b\":1,\"c\":\"y\"}\n\n",
        "data: {\"a\":\"x\",\"b\":1,\"c\":\"\"}\n\n", "data: {\"a\":null,\"b\":1,\"c\":\"y\"}\n\n",
        "data: {\"a\":\"x\",\"d\":\"z\",\"b\":1,\"c\":\"y\"}\n\n"})
    EXPECT_FALSE(shape.matches(event)) << event;
}

TEST(EventShape, KnowsWhatATextMayBe) {
  struct Case {
    std::string_view text;
    bool is_valid;
  };
  constexpr Case kCases[] = {
      {"a", true},
      {" \x7f", true},
      {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", true},
      {R"(\n\"\\\/\b\f\r\t)", true},
      {R"(ends with \\)", true},
      {"a\n", false},
      {std::string_view("\0", 1), false},
      {"\x1f", false},
      {"\xff", false},
      {"\xed\xa0\x80", false},
      {"\xe2\x82", false},
      {R"(\)", false},
      {R"(\\\)", false},
      {R"(\x)", false},
      {R"(a"b)", false},
      // Valid perhaps, but not every one is: the parser's.
      {"\\u00e4", false},
  };
  const EventShape shape = shape_of("<^\"x\">");
  for (const Case& c : kCases) {
    const std::string event = "<\"" + std::string(c.text) + "\">";
    EXPECT_EQ(shape.matches(event), c.is_valid) << c.text;
    EventShape learnt;
    learnt.learn(event, {1});
    EXPECT_EQ(learnt.matches("<\"x\">"), c.is_valid) << c.text;
  }
}

TEST(EventShape, MatchesOtherCounts) {
  constexpr std::string_view kEvent = R"({"a":"x","b":7,"c":[12],"d":3})";
  EventShape shape;
  shape.learn(kEvent, {kEvent.find("\"x"), kEvent.find('7'), kEvent.find("12")});
  EventShape::Counts counts{};
  ASSERT_TRUE(shape.matches(kEvent, counts));
  EXPECT_EQ(counts[1], 7u);
  EXPECT_EQ(counts[2], 12u);
  ASSERT_TRUE(shape.matches(R"({"a":"yz","b":0,"c":[999999999999999999],"d":3})", counts));
  EXPECT_EQ(counts[1], 0u);
  EXPECT_EQ(counts[2], 999999999999999999u);
  for (const char* number :
       {"", "-1", "+1", " 1", "01", "00", "1.5", "1e3", "1E3", "1 ", "\"1\"", "null", "1000000000000000000"})
    EXPECT_FALSE(shape.matches(R"({"a":"x","b":)" + std::string(number) + R"(,"c":[12],"d":3})")) << number;
  EXPECT_FALSE(shape.matches(R"({"a":"x","b":7,"c":[12],"d":4})")) << "that is no gap";
}

TEST(EventShape, TellsPaddingFromTheSpaceBeforeACount) {
  constexpr std::string_view kEvent = R"({"a": 7 })";
  EventShape shape;
  shape.learn(kEvent, {kEvent.find('7')});
  for (const char* event : {R"({"a": 7 })", R"({"a": 12})", R"({"a": 0   })"})
    EXPECT_TRUE(shape.matches(event)) << event;
  for (const char* event : {R"({"a":7 })", R"({"a":  7 })", R"({"a": 7)", R"({"a": })", R"({"a":})"})
    EXPECT_FALSE(shape.matches(event)) << event;
}

TEST(EventShape, RemembersNoCountThatIsWrittenOddly) {
  for (const char* number : {"1.5", "1e3", "01", "1000000000000000000", "1x"}) {
    const std::string event = R"({"a":)" + std::string(number) + "}";
    EventShape shape;
    shape.learn(event, {5});
    EXPECT_FALSE(shape.matches(event)) << number;
  }
  EventShape shape;
  shape.learn("1", {0});
  EXPECT_FALSE(shape.matches("1")) << "a count may go on where nothing ends it";
}

TEST(EventShape, ForgetsOnDemand) {
  EventShape shape = shape_of("<^\"x\">");
  shape.forget();
  EXPECT_FALSE(shape.matches("<\"x\">"));
}

TEST(EventShape, ForgetsWhatItLearnedBefore) {
  EventShape shape = shape_of("<^\"x\">");
  shape.learn("(\"x\")", {1});
  EXPECT_TRUE(shape.matches("(\"y\")"));
  EXPECT_FALSE(shape.matches("<\"y\">"));
  shape.learn("<\"\\u0020\">", {1});
  EXPECT_FALSE(shape.matches("(\"y\")"));
}

TEST(EventShape, TakesPaddingBeforeTheLastBraceForNothing) {
  for (const char* learnt : {"data: {\"a\":{\"b\":^\"x\"}}\n\n", "data: {\"a\":{\"b\":^\"x\"}      }\n\n"}) {
    const EventShape shape = shape_of(learnt);
    for (const char* event : {"data: {\"a\":{\"b\":\"y\"}}\n\n", "data: {\"a\":{\"b\":\"y\"} }\n\n",
                              "data: {\"a\":{\"b\":\"y } \"}                  }\n\n"})
      EXPECT_TRUE(shape.matches(event)) << learnt << event;
    for (const char* event : {"data: {\"a\":{\"b\":\"y\"}\t}\n\n", "data: {\"a\":{\"b\":\"y\" }}\n\n",
                              "data: {\"a\":{\"b\":\"y\"}} \n\n", "data: {\"a\":{\"b\":\"y\"}  \n\n",
                              "data: {\"a\":{\"b\":\"y\"}  ,}\n\n", "data: {\"a\":{\"b\":\"y\"} } }\n\n",
                              "data: {\"a\":{\"b\":\"y\"}  }", "data: {\"a\":{\"b\":\"y\"}   "})
      EXPECT_FALSE(shape.matches(event)) << learnt << event;
  }
  // With two gaps, and where nothing but a text stands before the brace.
  const EventShape two = shape_of("{\"a\":^\"x\",\"b\":^\"x\" }\n\n");
  EXPECT_TRUE(two.matches("{\"a\":\"y\",\"b\":\"z\"}\n\n"));
  EXPECT_FALSE(two.matches("{\"a\":\"y\" ,\"b\":\"z\"}\n\n"));
  // Spaces elsewhere, or without a brace behind the gaps, are no padding.
  EXPECT_FALSE(shape_of("<^\"x\"  >").matches("<\"y\" >"));
  EXPECT_FALSE(shape_of("}<^\"x\">").matches("}<\"y\">  "));
}

TEST(EventShape, RemembersNothingLong) {
  EventShape shape;
  shape.learn("<\"" + std::string(4092, 'x') + "\">", {1});
  EXPECT_TRUE(shape.matches("<\"y\">"));
  shape.learn("<\"" + std::string(4093, 'x') + "\">", {1});
  EXPECT_FALSE(shape.matches("<\"y\">"));
}

}  // namespace
}  // namespace archestra::providers
