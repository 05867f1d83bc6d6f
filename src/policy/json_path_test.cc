#include "policy/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::policy {
namespace {

using ::testing::HasSubstr;

PathStep member(std::string name) { return {.member = std::move(name)}; }
PathStep item(std::size_t index) { return {.member = std::to_string(index), .index = index}; }
const PathStep kEvery{.is_every = true};

TEST(JsonPath, Table) {
  const struct {
    std::string_view text;
    JsonPath path;
  } table[] = {
      {"", {}},
      {"a", {member("a")}},
      {"a.b", {member("a"), member("b")}},
      {"to[0].address", {member("to"), item(0), member("address")}},
      {"to.0", {member("to"), item(0)}},
      {"[12][3]", {item(12), item(3)}},
      {"emails[*].from", {member("emails"), kEvery, member("from")}},
      {"*.*[*]", {kEvery, kEvery, kEvery}},
      {"a*", {member("a*")}},
      {"**", {member("**")}},
      {"01", {member("01")}},
      {"9999999999", {member("9999999999")}},  // no array is so long
      {"-1", {member("-1")}},
      {R"(["a.b"].c)", {member("a.b"), member("c")}},
      {R"(a["0"])", {member("a"), member("0")}},
      {R"(["*"])", {member("*")}},
      {R"([""])", {member("")}},
      {R"(["\"]\\"][0])", {member("\"]\\"), item(0)}},
      {R"(["\u0061\n"])", {member("a\n")}},
      {"two words.\u00e4-$", {member("two words"), member("\u00e4-$")}},
      {"a.$", {member("a"), member("$")}},
      {R"(["$"])", {member("$")}},
  };
  for (const auto& [text, path] : table) {
    const auto found = parse_path(text);
    ASSERT_TRUE(found) << text << ": " << found.error();
    EXPECT_EQ(*found, path) << text;
  }
}

TEST(JsonPath, Faults) {
  const struct {
    std::string_view text;
    std::string_view fault;
  } table[] = {
      {".", "a name is missing at position 1"},
      {".a", "a name is missing at position 1"},
      {"a.", "a name is missing at position 3"},
      {"a..b", "a name is missing at position 3"},
      {"a.[0]", "a name is missing at position 3"},
      {"a[", "at position 3"},
      {"a[]", "at position 3"},
      {"a[01]", "at position 3"},
      {"a[-1]", "at position 3"},
      {"a[b]", "a name in double quotes"},
      {"a['b']", "a name in double quotes"},
      {"a[1234567890]", "at position 3"},
      {"a[0", "closing bracket is missing at position 4"},
      {"a[0]b", "a dot or a bracket is missing at position 5"},
      {"a]", "at position 2"},
      {"a\"b", "at position 2"},
      {R"(["a)", "no JSON string at position 2"},
      {R"(["a"x])", "closing bracket is missing at position 5"},
      {R"(["\x"])", "no JSON string at position 2"},
      {R"(["\ud800"])", "no JSON string at position 2"},
      {"$.a", "is not needed"},
      {"$", "is not needed"},
      {"$[0]", "is not needed"},
  };
  for (const auto& [text, fault] : table) {
    const auto found = parse_path(text);
    ASSERT_FALSE(found) << text;
    EXPECT_THAT(found.error(), HasSubstr(fault)) << text;
  }
}

}  // namespace
}  // namespace archestra::policy
