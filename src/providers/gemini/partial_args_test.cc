#include "providers/gemini/partial_args.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace archestra::providers::gemini {
namespace {

using json::View;

// The arguments that pieces make; nothing where one makes no sense.
std::optional<std::string> made_of(std::string_view pieces) {
  const auto list = View::parse(pieces);
  if (!list) return "no JSON";
  PartialArgs args;
  bool continues = false;
  for (const View piece : list->elements())
    if (!args.add(piece, continues)) return std::nullopt;
  return args.text();
}

TEST(GeminiPartialArgs, PutsValuesInTheirPlaces) {
  struct Case {
    std::string_view pieces;
    std::string_view args;
  };
  constexpr Case kCases[] = {
      {"[]", "{}"},
      {R"([{"jsonPath":"$.a","stringValue":"x"}])", R"({"a":"x"})"},
      {R"([{"json_path":"$.a","string_value":"x\u0001\""}])", R"({"a":"x\u0001\""})"},
      {R"([{"jsonPath":"$.a","numberValue":1.50},{"jsonPath":"$.b","boolValue":false}])",
       R"({"a":1.50,"b":false})"},
      {R"([{"jsonPath":"$.a","nullValue":"NULL_VALUE"},{"jsonPath":"$.b","nullValue":null}])",
       R"({"a":null,"b":null})"},
      {R"([{"jsonPath":"$.a.b[0].c","stringValue":"x"},{"jsonPath":"$.a.b[1].c","numberValue":2},{"jsonPath":"$.d","boolValue":true}])",
       R"({"a":{"b":[{"c":"x"},{"c":2}]},"d":true})"},
      {R"([{"jsonPath":"$.a[0][0]","numberValue":1},{"jsonPath":"$.a[0][1]","numberValue":2}])",
       R"({"a":[[1,2]]})"},
      {R"([{"jsonPath":"$.to-whom_é1","stringValue":"x"}])", R"({"to-whom_é1":"x"})"},
      // texts in pieces
      {R"([{"jsonPath":"$.a","stringValue":"x","willContinue":true},{"jsonPath":"$.a","stringValue":"y","willContinue":true},
          {"jsonPath":"$.a","stringValue":"z"},{"jsonPath":"$.b","stringValue":"","willContinue":true},{"jsonPath":"$.b"}])",
       R"({"a":"xyz","b":""})"},
      {R"([{"jsonPath":"$.a","stringValue":"x","willContinue":true},{"jsonPath":"$.b","numberValue":1},{"jsonPath":"$.a","stringValue":"y"}])",
       R"({"a":"xy","b":1})"},
      // what has no elements, and the end of what has
      {R"([{"jsonPath":"$.a[]"},{"jsonPath":"$.b"},{"jsonPath":"$.c[0]","numberValue":1},{"jsonPath":"$.c[]"}])",
       R"({"a":[],"b":{},"c":[1]})"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.pieces);
    EXPECT_EQ(made_of(c.pieces), c.args);
  }
}

TEST(GeminiPartialArgs, SaysWhereMakesNoSense) {
  constexpr std::string_view kCases[] = {
      R"([1])",
      R"([{}])",
      R"([{"stringValue":"x"}])",
      R"([{"jsonPath":1,"stringValue":"x"}])",
      R"([{"jsonPath":"$","stringValue":"x"}])",
      R"([{"jsonPath":"a","stringValue":"x"}])",
      R"([{"jsonPath":"$a","stringValue":"x"}])",
      R"([{"jsonPath":"$.","stringValue":"x"}])",
      R"([{"jsonPath":"$..a","stringValue":"x"}])",
      R"([{"jsonPath":"$.*","stringValue":"x"}])",
      R"([{"jsonPath":"$['a']","stringValue":"x"}])",
      R"([{"jsonPath":"$.a'b","stringValue":"x"}])",
      R"([{"jsonPath":"$.a[","stringValue":"x"}])",
      R"([{"jsonPath":"$.a[*]","stringValue":"x"}])",
      R"([{"jsonPath":"$.a[-1]","stringValue":"x"}])",
      R"([{"jsonPath":"$.a[00]","stringValue":"x"}])",
      R"([{"jsonPath":"$.a[0]x","stringValue":"x"}])",
      R"([{"jsonPath":"$.a[99999999999999999999]","stringValue":"x"}])",
      R"([{"jsonPath":"$[0]","stringValue":"x"}])",    // the arguments are an object
      R"([{"jsonPath":"$.a[1]","stringValue":"x"}])",  // and have no gaps
      R"([{"jsonPath":"$.a.0","stringValue":"x"}])",   // an element to some, a member to others
      // more than one value, or one of another kind
      R"([{"jsonPath":"$.a","stringValue":"x","numberValue":1}])",
      R"([{"jsonPath":"$.a","stringValue":"x","nullValue":"NULL_VALUE"}])",
      R"([{"jsonPath":"$.a","stringValue":1}])",
      R"([{"jsonPath":"$.a","numberValue":"1"}])",
      R"([{"jsonPath":"$.a","numberValue":"NaN"}])",
      R"([{"jsonPath":"$.a","boolValue":"true"}])",
      R"([{"jsonPath":"$.a","nullValue":0}])",
      R"([{"jsonPath":"$.a[]","stringValue":"x"}])",
      R"([{"jsonPath":"$.a","willContinue":true}])",
      R"([{"jsonPath":"$.a","stringValue":"","willContinue":1}])",
      // members that stand there twice
      R"([{"jsonPath":"$.a","stringValue":"x","stringValue":"y"}])",
      R"([{"jsonPath":"$.a","stringValue":"x","string_value":"y"}])",
      R"([{"jsonPath":"$.a","jsonPath":"$.b","stringValue":"x"}])",
      // what has a value already
      R"([{"jsonPath":"$.a","stringValue":"x"},{"jsonPath":"$.a","stringValue":"y"}])",
      R"([{"jsonPath":"$.a","stringValue":"x","willContinue":true},{"jsonPath":"$.a"},{"jsonPath":"$.a","stringValue":"y"}])",
      R"([{"jsonPath":"$.a","numberValue":1},{"jsonPath":"$.a","numberValue":1}])",
      R"([{"jsonPath":"$.a","numberValue":1},{"jsonPath":"$.a.b","numberValue":1}])",
      R"([{"jsonPath":"$.a.b","numberValue":1},{"jsonPath":"$.a","numberValue":1}])",
      R"([{"jsonPath":"$.a.b","numberValue":1},{"jsonPath":"$.a[0]","numberValue":1}])",
      R"([{"jsonPath":"$.a.b","numberValue":1},{"jsonPath":"$.a[]"}])",
      R"([{"jsonPath":"$.a","stringValue":"x","willContinue":true},{"jsonPath":"$.a","numberValue":1}])",
  };
  for (const std::string_view pieces : kCases) {
    SCOPED_TRACE(pieces);
    EXPECT_EQ(made_of(pieces), std::nullopt);
  }
}

TEST(GeminiPartialArgs, IsBounded) {
  std::string deep = "$";
  for (int i = 0; i < 100; ++i) deep += ".a";
  EXPECT_EQ(made_of(R"([{"jsonPath":")" + deep + R"(","numberValue":1}])"), std::nullopt);
  std::string many = "[";
  for (int i = 0; i < 5000; ++i)
    many += (i > 0 ? "," : "") + std::string(R"({"jsonPath":"$.a[)") + std::to_string(i) +
            R"(]","numberValue":1})";
  EXPECT_EQ(made_of(many + "]"), std::nullopt);
}

TEST(GeminiPartialArgs, TellsWhetherAValueGoesOn) {
  PartialArgs args;
  bool continues = false;
  EXPECT_TRUE(
      args.add(*View::parse(R"({"jsonPath":"$.a","stringValue":"x","willContinue":true})"), continues));
  EXPECT_TRUE(continues);
  EXPECT_TRUE(
      args.add(*View::parse(R"({"jsonPath":"$.a","stringValue":"y","willContinue":false})"), continues));
  EXPECT_FALSE(continues);
}

}  // namespace
}  // namespace archestra::providers::gemini
