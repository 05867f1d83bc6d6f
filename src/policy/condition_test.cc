#include "policy/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "policy/json_document.h"
#include "policy/policy_set.h"

namespace archestra::policy {
namespace {

using model::Condition;
using model::Operator;
using ::testing::HasSubstr;
using enum model::Operator;

constexpr auto kArguments = JsonDocument::Kind::kArguments;
constexpr auto kContent = JsonDocument::Kind::kContent;

bool holds(const Condition& condition, std::string_view text, Use use, JsonDocument::Kind kind = kArguments) {
  const auto compiled = CompiledCondition::compile(condition);
  EXPECT_TRUE(compiled) << compiled.error();
  JsonDocument document(kind, text);
  return compiled && compiled->holds(document, use);
}

// One value, so that it does not matter what the rule does.
std::optional<bool> holds_for_one(const Condition& condition, std::string_view text) {
  const bool restricts = holds(condition, text, Use::kRestricts);
  if (restricts != holds(condition, text, Use::kPermits)) return std::nullopt;
  return restricts;
}

TEST(Condition, OperatorsAndKinds) {
  const struct {
    std::string_view json;  // the value of "k"
    Operator op;
    std::string_view value;
    bool holds;
  } table[] = {
      // Strings are compared as their text, letter for letter.
      {R"("abc")", kEqual, "abc", true},
      {R"("abc")", kEqual, "ABC", false},
      {R"("abc")", kEqual, "ab", false},
      {R"("a\u0062\u0063")", kEqual, "abc", true},
      {R"("\ud83e\udd16")", kEqual, "\U0001f916", true},
      {R"("a\u0000b")", kEqual, "a", false},
      {R"("")", kEqual, "", true},
      {R"("abc")", kNotEqual, "abc", false},
      {R"("abc")", kNotEqual, "abd", true},
      {R"("abc")", kContains, "b", true},
      {R"("abc")", kContains, "abcd", false},
      {R"("abc")", kContains, "", true},
      {R"("a\u0000bc")", kContains, "bc", true},
      {R"("abc")", kNotContains, "b", false},
      {R"("abc")", kNotContains, "d", true},
      {R"("abc")", kStartsWith, "ab", true},
      {R"("abc")", kStartsWith, "bc", false},
      {R"("abc")", kEndsWith, "bc", true},
      {R"("abc")", kEndsWith, "ab", false},
      {R"("abc")", kRegex, "b", true},  // anywhere in it
      {R"("abc")", kRegex, "^b", false},
      {R"("abc")", kRegex, "^a.c$", true},
      {R"("a\nc")", kRegex, "^a.c$", false},
      {R"("a\nc")", kRegex, "(?s)^a.c$", true},
      {R"("ABC")", kRegex, "abc", false},
      {R"("ABC")", kRegex, "(?i)abc", true},
      {R"("\u00e4")", kRegex, "^.$", true},
      // A string is no number, though it looks like one.
      {R"("1.0")", kEqual, "1", false},
      {R"("1")", kEqual, "1", true},
      // Numbers of the same value are equal, and have one text.
      {"1", kEqual, "1", true},
      {"1.0", kEqual, "1", true},
      {"1", kEqual, "1.0", true},
      {"1e0", kEqual, "10e-1", true},
      {"-0.0", kEqual, "0", true},
      {"0.1", kEqual, "1e-1", true},
      {"1.5", kEqual, "1", false},
      {"1", kEqual, " 1", false},
      {"1", kEqual, "01", false},
      {"1", kNotEqual, "1.0", false},
      {"1.0", kNotEqual, "2", true},
      {"9007199254740993", kEqual, "9007199254740993", true},
      {"9007199254740993", kEqual, "9007199254740992", false},
      {"18446744073709551615", kEqual, "18446744073709551615", true},
      {"18446744073709551615", kEqual, "18446744073709551616.0", false},
      {"1e5", kStartsWith, "100000", true},
      {"100000000000.0", kEndsWith, "00000000000", true},
      {"-0.0", kRegex, "^0$", true},
      {"1000.0", kRegex, "^[0-9]{4,}$", true},
      {"-12.50", kContains, "12.5", true},
      {"1e300", kEqual, "1e+300", true},
      // Anything else as its JSON text.
      {"true", kEqual, "true", true},
      {"false", kNotEqual, "true", true},
      {"null", kEqual, "null", true},
      {"null", kEqual, "", false},
      {"{ }", kEqual, "{}", true},
      {"[ ]", kEqual, "[]", true},
      {R"({ "a" : [ 1.0 , "\u0062\"" , null ] })", kEqual, R"({"a":[1,"b\"",null]})", true},
      {R"([ "x" , "y" ])", kContains, R"("y")", true},
      {R"([ "x" , "y" ])", kStartsWith, R"(["x",)", true},
      {R"({"a":{"b":"evil"}})", kRegex, "ev.l", true},
  };
  for (const auto& [json, op, value, expected] : table) {
    const Condition condition{.key = "k", .op = op, .value = std::string(value)};
    const std::string text = "{\"k\":" + std::string(json) + "}";
    EXPECT_EQ(holds_for_one(condition, text), expected) << text << " " << value;
    // The same as the whole.
    EXPECT_EQ(holds_for_one({.key = "", .op = op, .value = std::string(value)}, json), expected)
        << json << " " << value;
  }
}

TEST(Condition, WhereItLooks) {
  const struct {
    std::string_view json;
    std::string_view key;
    bool restricts;  // holds for a rule that does so, where the value is "x"
    bool permits;
  } table[] = {
      {R"({"a":{"b":"x"}})", "a.b", true, true},
      {R"({"a":{"b":"x"}})", "a.c", false, false},
      {R"({"a":"x"})", "a.b", false, false},
      {R"({"a":null})", "a.b", false, false},
      {R"({"A":"x"})", "a", false, false},
      {R"({"to":[{"address":"x"}]})", "to[0].address", true, true},
      {R"({"to":["y","x"]})", "to[1]", true, true},
      {R"({"to":["y","x"]})", "to.1", true, true},
      {R"({"to":["y","x"]})", "to[2]", false, false},
      {R"({"to":{"1":"x"}})", "to[1]", true, true},
      {R"({"to":["y","x"]})", R"(to["1"])", false, false},
      {R"(["x"])", "[0]", true, true},
      {R"({"a.b":"x"})", R"(["a.b"])", true, true},
      {R"({"a.b":"x"})", "a.b", false, false},
      // All of several.
      {R"({"to":["x","x"]})", "to[*]", true, true},
      {R"({"to":["x","y"]})", "to[*]", true, false},
      {R"({"to":["y","y"]})", "to[*]", false, false},
      {R"({"to":[]})", "to[*]", false, false},
      {R"({"to":"x"})", "to[*]", false, false},
      {R"({"to":{"a":"x","b":"x"}})", "to.*", true, true},
      {R"({"to":{"a":"x","b":"y"}})", "to.*", true, false},
      {R"({"to":{"a":"x","b":"y"}})", "to[*]", true, false},
      {R"({"a":[{"b":["x"]},{"b":["x","x"]}]})", "a[*].b[*]", true, true},
      {R"({"a":[{"b":["x"]},{"b":[]}]})", "a[*].b[*]", true, true},
      {R"({"a":[{"b":["x"]},{"b":["y"]}]})", "a[*].b[*]", true, false},
      // One that lacks it is not what could be permitted.
      {R"({"a":[{"b":"x"},{"c":"x"}]})", "a[*].b", true, false},
      // Members that stand twice: nobody knows which one the client takes.
      {R"({"a":"x","a":"y"})", "a", true, false},
      {R"({"a":"y","a":"x"})", "a", true, false},
      {R"({"a":"x","a":"x"})", "a", true, true},
      {R"({"a":"y","\u0061":"x"})", "a", true, false},
      {R"({"a":{"b":"y"},"a":{"b":"x"}})", "a.b", true, false},
      {R"({"a":{"b":"x"},"a":{}})", "a.b", true, false},
      // Keys mean the same however they are written.
      {R"({"\u0061":"x"})", "a", true, true},
      {R"({"\u0061":"x"})", R"(["\u0061"])", true, true},
      {R"({"a":"x"})", R"(["\u0061"])", true, true},
      {R"({"a\u0000":"x"})", "a", false, false},
      {R"({"":"x"})", R"([""])", true, true},
      // Everywhere below.
      {R"({"a":"x"})", "*", true, true},
      {R"({"a":{"b":"x"}})", "*.*", true, true},
      {R"({"a":{"b":"x"},"c":1})", "*.*", true, false},
  };
  for (const auto& [json, key, restricts, permits] : table) {
    const Condition equal{.key = std::string(key), .op = kEqual, .value = "x"};
    EXPECT_EQ(holds(equal, json, Use::kRestricts), restricts) << json << " " << key;
    EXPECT_EQ(holds(equal, json, Use::kPermits), permits) << json << " " << key;
    EXPECT_EQ(holds(equal, json, Use::kRestricts, kContent), restricts) << json << " " << key;
    EXPECT_EQ(holds(equal, json, Use::kPermits, kContent), permits) << json << " " << key;
    // What is not everywhere equal is somewhere not equal.
    const Condition other{.key = std::string(key), .op = kNotEqual, .value = "x"};
    EXPECT_EQ(holds(other, json, Use::kRestricts), !permits) << json << " " << key;
  }
}

TEST(Condition, WhereThereIsNoValue) {
  for (const Operator op : {kEqual, kNotEqual, kContains, kNotContains, kStartsWith, kEndsWith, kRegex}) {
    const bool is_negative = op == kNotEqual || op == kNotContains;
    for (const std::string_view value : {"", "x"}) {
      const Condition condition{.key = "k.l", .op = op, .value = std::string(value)};
      for (const std::string_view json : {"{}", "", R"({"k":{}})", R"({"k":"x"})", "[]"}) {
        EXPECT_EQ(holds(condition, json, Use::kRestricts), is_negative) << json;
        EXPECT_FALSE(holds(condition, json, Use::kPermits)) << json;
      }
      const Condition every{.key = "k[*]", .op = op, .value = std::string(value)};
      EXPECT_EQ(holds(every, R"({"k":[]})", Use::kRestricts), is_negative);
      EXPECT_FALSE(holds(every, R"({"k":[]})", Use::kPermits));
    }
  }
}

std::string nested(std::size_t depth) {
  return R"({"k":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

TEST(Condition, ArgumentsThatCannotBeRead) {
  const std::string table[] = {
      "x",
      "{",
      R"({"k":"x")",
      R"({"k":"x"} {})",
      " ",
      "{'k':'x'}",
      R"({"k":"x",})",
      R"({k:"x"})",
      R"({"k":01})",
      R"({"k":NaN})",
      "\xef\xbb\xbf{}",
      "{\"k\":\"\xff\"}",   // no UTF-8
      R"({"k":"\ud800"})",  // half a surrogate pair, which JSON.parse takes
      R"({"k":"\udc00 x"})",
      R"({"k":1e999})",  // JSON.parse makes it infinite
      R"({"k":123456789012345678901234567890})",
      "{\"k\":\"\n\"}",
      nested(1024),
      std::string(JsonDocument::kBytesMax - 1, ' ') + "{}",
  };
  for (const std::string& text : table) {
    for (const Operator op : {kEqual, kNotEqual, kContains, kNotContains, kStartsWith, kEndsWith, kRegex}) {
      for (const std::string_view key : {"", "k", "other"}) {
        const Condition condition{.key = std::string(key), .op = op, .value = "x"};
        EXPECT_TRUE(holds(condition, text, Use::kRestricts)) << text.substr(0, 99);
        EXPECT_FALSE(holds(condition, text, Use::kPermits)) << text.substr(0, 99);
      }
    }
  }
  // As much as just can be.
  EXPECT_TRUE(holds({.key = "k", .op = kContains, .value = "[[]]"}, nested(1000), Use::kPermits));
  EXPECT_TRUE(holds({.key = "", .op = kEqual, .value = "{}"},
                    std::string(JsonDocument::kBytesMax - 2, ' ') + "{}", Use::kPermits));
}

TEST(Condition, TheWholeOfContents) {
  const struct {
    std::string_view text;
    Operator op;
    std::string_view value;
    bool holds;
  } table[] = {
      {"Hello", kEqual, "Hello", true},
      {"Hello", kRegex, "^H.*o$", true},
      {"", kEqual, "", true},
      {R"({ "a" : 1 })", kEqual, R"({ "a" : 1 })", true},
      {R"({ "a" : 1 })", kEqual, R"({"a":1})", false},
      {R"({"a":"\u0062"})", kContains, R"(\u0062)", true},
      {R"({"a":)", kEndsWith, ":", true},
      {"\xff", kContains, "\xff", true},
      {"1.0", kEqual, "1", false},
  };
  for (const auto& [text, op, value, expected] : table) {
    const Condition condition{.key = "", .op = op, .value = std::string(value)};
    EXPECT_EQ(holds(condition, text, Use::kRestricts, kContent), expected) << text;
    EXPECT_EQ(holds(condition, text, Use::kPermits, kContent), expected) << text;
  }
}

TEST(Condition, WithinContents) {
  const Condition equal{.key = "k", .op = kEqual, .value = "x"};
  const Condition other{.key = "k", .op = kNotEqual, .value = "x"};
  for (const std::string_view text : {"", "x", "k: x", "\"x\"", "1", "Error: {", "\xff"}) {
    EXPECT_FALSE(holds(equal, text, Use::kRestricts, kContent)) << text;
    EXPECT_TRUE(holds(other, text, Use::kRestricts, kContent)) << text;
    EXPECT_FALSE(holds(equal, text, Use::kPermits, kContent)) << text;
    EXPECT_FALSE(holds(other, text, Use::kPermits, kContent)) << text;
  }
  // JSON to a model, though not to us.
  for (const std::string_view text : {R"({"k":"\ud800"})", R"( {"k":"x")", R"([1e999,)",
                                      "\xef\xbb\xbf {\"k\":\"y\"}", "{\"k\":\"\xff\"}"}) {
    EXPECT_TRUE(holds(equal, text, Use::kRestricts, kContent)) << text;
    EXPECT_FALSE(holds(equal, text, Use::kPermits, kContent)) << text;
    EXPECT_FALSE(holds(other, text, Use::kPermits, kContent)) << text;
  }
}

TEST(Condition, Faults) {
  const struct {
    Condition condition;
    std::string_view fault;
  } table[] = {
      {{.key = "a..b", .op = kEqual, .value = ""},
       R"(The key "a..b" is no path: a name is missing at position 3.)"},
      {{.key = "k", .op = kRegex, .value = "("},
       "The pattern is no regular expression of RE2: missing ): (."},
      {{.key = "k", .op = kRegex, .value = R"((a)\1)"}, R"(invalid escape sequence: \1)"},
      {{.key = "k", .op = kRegex, .value = "a(?=b)"}, "invalid perl operator"},
      {{.key = "k", .op = kRegex, .value = "\xff"}, "invalid UTF-8"},
      {{.key = "k", .op = kRegex, .value = R"((\pL{1000}){1000})"}, "invalid repetition size: {1000}"},
      {{.key = "k", .op = kRegex, .value = R"((\pL{100}){10})"}, "pattern too large"},
  };
  for (const auto& [condition, fault] : table) {
    const auto found = condition_fault(condition);
    ASSERT_TRUE(found) << condition.value;
    EXPECT_THAT(*found, HasSubstr(fault));
  }
  EXPECT_EQ(condition_fault({.key = "a[*].b", .op = kRegex, .value = R"(^\d+@(?i:corp)\.example$)"}),
            std::nullopt);
  // Only a pattern has to be one.
  EXPECT_EQ(condition_fault({.key = "", .op = kContains, .value = "("}), std::nullopt);
}

// A client that reads a text once more may find in it what no path leads to.
TEST(Condition, ArgumentsThatNothingCanBeInAreInDoubt) {
  for (const std::string_view arguments : {R"("{\"to\":\"evil\"}")", R"("to")", "7", "null", "true"}) {
    EXPECT_TRUE(holds({.key = "to", .op = kEqual, .value = "evil"}, arguments, Use::kRestricts)) << arguments;
    EXPECT_FALSE(holds({.key = "to", .op = kNotEqual, .value = "evil"}, arguments, Use::kPermits))
        << arguments;
  }
  EXPECT_TRUE(holds({.key = "", .op = kContains, .value = "rm"}, R"("rm -r")", Use::kRestricts));
  EXPECT_FALSE(holds({.key = "", .op = kContains, .value = "rm"}, R"("ls")", Use::kRestricts));
  EXPECT_FALSE(holds({.key = "to", .op = kEqual, .value = "evil"}, "[]", Use::kRestricts));
}

}  // namespace
}  // namespace archestra::policy
