#include "providers/json_view.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/test_splits.h"

namespace archestra::providers::json {
namespace {

// What a view says must not depend on bytes behind the text, and no byte behind it may be read.
View view_of(const http::ExactCopy& copy) {
  const auto view = View::parse(copy.view());
  EXPECT_TRUE(view) << copy.view();
  return view.value_or(View());
}

TEST(JsonView, TakesNothingButJson) {
  for (const std::string_view text :
       {"", " ", "nul", "{", "}", "[1", "[1,]", "{\"a\":1,}", "{a:1}", "\"", "\"\\u12\"", "01", "{} {}",
        "NaN", "'a'", "\xEF\xBB\xBF{}", "\"\xFF\"", "{\"a\" 1}"})
    EXPECT_FALSE(View::parse(http::ExactCopy(text).view())) << text;
  EXPECT_FALSE(View::parse(std::string(2000, '[') + std::string(2000, ']')));
}

TEST(JsonView, KnowsKindsAndBytes) {
  struct Case {
    std::string_view text;
    View::Kind kind;
    std::string_view raw;
  };
  constexpr Case kCases[] = {{" null ", View::Kind::kNull, "null"},
                             {"true", View::Kind::kBool, "true"},
                             {"\t-1.5e3\n", View::Kind::kNumber, "-1.5e3"},
                             {"\r\n\"a\" ", View::Kind::kString, "\"a\""},
                             {" [ ] ", View::Kind::kArray, "[ ]"},
                             {" { \"a\" : [ ] } ", View::Kind::kObject, "{ \"a\" : [ ] }"}};
  for (const Case& c : kCases) {
    const http::ExactCopy copy(c.text);
    const View view = view_of(copy);
    EXPECT_EQ(view.kind(), c.kind) << c.text;
    EXPECT_EQ(view.raw(), c.raw);
  }
}

TEST(JsonView, KnowsWhereStringsEnd) {
  for (const std::string_view text : {R"("")", R"("\"")", R"("\\")", R"("\\\"")", R"("\\\\")",
                                      R"("a\\\"]}\"\\")", R"("\u005c")", R"("{[")"}) {
    const http::ExactCopy copy("[" + std::string(text) + "," + std::string(text) + "]");
    int count = 0;
    for (const View each : view_of(copy).elements()) {
      EXPECT_EQ(each.raw(), text);
      ++count;
    }
    EXPECT_EQ(count, 2) << text;
    const http::ExactCopy nested("[{" + std::string(text) + ":" + std::string(text) + "},1]");
    EXPECT_EQ(view_of(nested).elements().begin()->raw().size(), 2 * text.size() + 3);
  }
}

TEST(JsonView, UnescapesStrings) {
  struct Case {
    std::string_view text;
    std::optional<std::string> meaning;
  };
  const Case cases[] = {{R"("")", ""},
                        {R"("a\"b\\c\/d")", "a\"b\\c/d"},
                        {R"("\b\f\n\r\t")", "\b\f\n\r\t"},
                        {R"("\u0041\u00e9\u20ac\ud83d\ude00z")", "A\u00e9\u20ac\U0001F600z"},
                        {R"("\u0000a")", std::string("\0a", 2)},
                        {R"("\uD83D\uDE00")", "\U0001F600"},
                        {"\"\u00e9\"", "\u00e9"},
                        {"7", std::nullopt}};
  for (const Case& c : cases) {
    const http::ExactCopy copy(c.text);
    EXPECT_EQ(view_of(copy).as_string(), c.meaning) << c.text;
  }
  const http::ExactCopy escaped(R"("t\u006fols")");
  EXPECT_TRUE(view_of(escaped).is_string("tools"));
  EXPECT_FALSE(view_of(escaped).is_string("tool"));
}

// simdjson finds a lone surrogate out only when somebody asks for the text.
TEST(JsonView, HasNoTextForHalfACharacter) {
  for (const std::string_view text : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\n")",
                                      R"("\ud83d\u0041")", R"("\ud83d\ud83d")"}) {
    const http::ExactCopy copy(text);
    if (const auto view = View::parse(copy.view())) EXPECT_EQ(view->as_string(), std::nullopt) << text;
  }
}

TEST(JsonView, Counts) {
  struct Case {
    std::string_view text;
    std::optional<std::uint64_t> count;
  };
  constexpr Case kCases[] = {{"0", 0},
                             {"18446744073709551615", 18446744073709551615U},
                             {"1.0", std::nullopt},
                             {"1e3", std::nullopt},
                             {"-1", std::nullopt},
                             {"\"1\"", std::nullopt},
                             {"null", std::nullopt}};
  for (const Case& c : kCases) {
    const http::ExactCopy copy(c.text);
    EXPECT_EQ(view_of(copy).as_count(), c.count) << c.text;
  }
}

TEST(JsonView, VisitsMembersAndElements) {
  const http::ExactCopy copy(
      R"( { "a" : 1 ,"b":{"c":[{"}":"]"}]},"a":"\"}", "e\u0065":[ 1,"2" , [3] ,{ } ] } )");
  const View object = view_of(copy);
  std::vector<std::string> seen;
  for (const Member& member : object.members())
    seen.push_back(member.key.text() + "=" + std::string(member.value.raw()));
  EXPECT_EQ(seen, (std::vector<std::string>{"a=1", R"(b={"c":[{"}":"]"}]})", R"(a="\"}")",
                                            R"(ee=[ 1,"2" , [3] ,{ } ])"}));
  std::vector<std::string> elements;
  for (const Member& member : object.members())
    for (const View element : member.value.elements()) elements.emplace_back(element.raw());
  EXPECT_EQ(elements, (std::vector<std::string>{"1", "\"2\"", "[3]", "{ }"}));
  for (const std::string_view empty : {"{}", "[]", "{ }", "[\n]", "\"{}\"", "1", "null"}) {
    const http::ExactCopy each(empty);
    EXPECT_EQ(view_of(each).members().begin(), view_of(each).members().end()) << empty;
    EXPECT_EQ(view_of(each).elements().begin(), view_of(each).elements().end()) << empty;
  }
}

TEST(JsonView, PicksMembersThatStandThereOnce) {
  const http::ExactCopy copy(R"({"name":"f","\u0069d":7,"x":1,"x":2})");
  View name;
  View id;
  View none;
  EXPECT_TRUE(view_of(copy).pick({{"name", &name}, {"id", &id}, {"none", &none}}));
  EXPECT_EQ(name.raw(), "\"f\"");
  EXPECT_EQ(id.raw(), "7");
  EXPECT_TRUE(none.is(View::Kind::kNull));
  EXPECT_FALSE(view_of(copy).pick({{"x", &none}}));
  const http::ExactCopy disguised(R"({"name":"f","n\u0061me":"g"})");
  EXPECT_FALSE(view_of(disguised).pick({{"name", &name}}));
  EXPECT_TRUE(View().pick({{"name", &none}}));
}

TEST(JsonView, WritesObjectsAndArraysAgain) {
  const http::ExactCopy copy(R"({ "a": 1.0, "b" : [1, 2, 3], "c":{"d" :null} })");
  const View object = view_of(copy);
  const auto written = [&](auto visit) {
    std::string out = "<";
    rewrite_object(object, out, visit);
    return out;
  };
  EXPECT_EQ(written([](const Member&, std::string&) { return Rewrite::kKeep; }),
            R"(<{"a":1.0,"b":[1, 2, 3],"c":{"d" :null}})");
  EXPECT_EQ(written([](const Member&, std::string&) { return Rewrite::kDrop; }), "<{}");
  EXPECT_EQ(written([](const Member& member, std::string& out) {
              if (member.is("a")) return Rewrite::kDrop;
              if (!member.is("b")) return Rewrite::kKeep;
              rewrite_array(member.value, out, [](View element, std::string& to) {
                if (element.raw() == "1") return Rewrite::kDrop;
                if (element.raw() == "3") return Rewrite::kKeep;
                to += "two";
                return Rewrite::kReplaced;
              });
              return Rewrite::kReplaced;
            }),
            R"(<{"b":[two,3],"c":{"d" :null}})");
  EXPECT_EQ(written([](const Member& member, std::string&) {
              return member.is("c") ? Rewrite::kDrop : Rewrite::kKeep;
            }),
            R"(<{"a":1.0,"b":[1, 2, 3]})");
}

}  // namespace
}  // namespace archestra::providers::json
