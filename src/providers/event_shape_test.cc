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
