#include "policy/policy_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::policy {
namespace {

using model::Condition;
using model::Operator;
using ::testing::HasSubstr;

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(PolicyRules, Table) {
  const Condition plain{.key = "k", .op = Operator::kEqual, .value = "x"};
  const struct {
    std::string tool;
    std::vector<Condition> conditions;
    std::string text;  // the reason, or the description
    std::string fault;
  } table[] = {
      {"t", {}, "", ""},
      {"t", {plain}, "Not here.\n", ""},
      {times(256, "t"), std::vector<Condition>(32, plain), times(1000, "\u00e4"), ""},
      {"t", {{.key = times(512, "k"), .op = Operator::kEqual, .value = times(8192, "v")}}, "", ""},
      {"", {}, "", "no character that could be seen"},
      {" \u200b", {}, "", "no character that could be seen"},
      {times(257, "t"), {}, "", "The tool's name has 257 bytes; it may have 256."},
      {"t\xff", {}, "", "The tool's name is not valid UTF-8."},
      {"t", std::vector<Condition>(33, plain), "", "There are 33 conditions; a policy may have 32."},
      {"t", {plain, Condition(times(513, "k"))}, "", "Condition 2: The key has 513 bytes; it may have 512."},
      {"t", {Condition("k\xff")}, "", "Condition 1: The key is not valid UTF-8."},
      {"t",
       {{"k", Operator::kEqual, times(8193, "v")}},
       "",
       "Condition 1: The value has 8193 bytes; it may have 8192."},
      {"t", {{"k", Operator::kEqual, "\xff"}}, "", "Condition 1: The value is not valid UTF-8."},
      {"t", {plain, plain, Condition("a.")}, "", "Condition 3: The key \"a.\" is no path: "},
      {"t", {{"k", Operator::kRegex, "["}}, "", "Condition 1: The pattern is no regular expression"},
      {"t", {}, times(1001, "\u00e4"), " has 1001 characters; it may have 1000."},
      {"t", {}, "\xff", " is not valid UTF-8."},
  };
  for (const auto& [tool, conditions, text, fault] : table) {
    const auto invocation = invocation_policy_fault(
        {.id = {}, .agent_id = {}, .tool = tool, .conditions = conditions, .reason = text});
    const auto trusted = trusted_data_policy_fault(
        {.id = {}, .agent_id = {}, .tool = tool, .conditions = conditions, .description = text});
    ASSERT_EQ(invocation.has_value(), !fault.empty()) << fault;
    ASSERT_EQ(trusted.has_value(), !fault.empty()) << fault;
    if (fault.empty()) continue;
    EXPECT_THAT(*invocation, HasSubstr(fault));
    EXPECT_THAT(*trusted, HasSubstr(fault));
    if (fault.starts_with(' ')) {
      EXPECT_EQ(*invocation, "The reason" + fault);
      EXPECT_EQ(*trusted, "The description" + fault);
    }
  }
}

}  // namespace
}  // namespace archestra::policy
