#include "policy/refusal_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.h"

namespace archestra::policy {
namespace {

using call::Decision;
using call::ToolDecision;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

ToolDecision blocked(std::string reason) {
  return {.tool = "", .decision = Decision::kBlocked, .reason = std::move(reason)};
}

std::string text_of_one(const CallToJudge& call, std::string reason = "No.") {
  const ToolDecision decision = blocked(std::move(reason));
  return refusal_text({&call, 1}, {&decision, 1});
}

TEST(RefusalText, OneCall) {
  EXPECT_EQ(text_of_one({.name = "send_email", .arguments = R"({"to":"x"})"}, "Not to strangers."),
            "The following tool call was refused by a policy and not made.\n"
            "- send_email({\"to\":\"x\"}): Not to strangers.");
}

TEST(RefusalText, SeveralCalls) {
  const CallToJudge calls[] = {{.name = "read", .arguments = "{}"},
                               {.name = "send", .arguments = ""},
                               {.name = "drop", .arguments = "{\"a", .arguments_are_readable = false},
                               {.name = "look", .arguments = "[1]"}};
  const ToolDecision decisions[] = {
      {.tool = "read"},
      blocked("Why."),
      blocked("Because."),
      {.tool = "look", .decision = Decision::kWouldBlock, .reason = "Only watched."},
  };
  EXPECT_EQ(refusal_text(calls, decisions),
            "The following tool calls were refused by a policy and not made.\n"
            "- read({}): not made because another call of the same answer was refused.\n"
            "- send(): Why.\n"
            "- drop(arguments that could not be read): Because.\n"
            "- look([1]): not made because another call of the same answer was refused.");
}

TEST(RefusalText, NoCallThatCouldBeRead) {
  EXPECT_THAT(refusal_text({}, {}), HasSubstr("could not be read"));
}

TEST(RefusalText, IsOneLineForEachCall) {
  const std::string text = text_of_one(
      {.name = "a\n- b", .arguments = std::string_view("{\n\"k\":\t\"\x7f\u0085\u2028\u2029\0\"}", 20)},
      "x\r\ny");
  EXPECT_THAT(text,
              EndsWith("\n- a\\u000a- b({\\u000a\"k\":\\u0009\"\\u007f\\u0085\\u2028\\u2029\\u0000\"}): "
                       "x\\u000d\\u000ay"));
}

TEST(RefusalText, IsValidWhateverCallsAre) {
  const std::string text = text_of_one({.name = "t\xff\u00e4", .arguments = "\xe2\x82"}, "\xc3");
  EXPECT_THAT(text, EndsWith("- t\ufffd\u00e4(\ufffd\ufffd): \ufffd"));
}

TEST(RefusalText, CutsBetweenCharacters) {
  std::string name(255, 'n');
  EXPECT_THAT(text_of_one({.name = name + "n", .arguments = ""}), HasSubstr("\n- " + name + "n(): No."));
  EXPECT_THAT(text_of_one({.name = name + "nn", .arguments = ""}), HasSubstr("\n- " + name + "n...(): No."));
  EXPECT_THAT(text_of_one({.name = name + "\u00e4", .arguments = ""}),
              HasSubstr("\n- " + name + "...(): No."));
  const std::string arguments(2048, 'a');
  EXPECT_THAT(text_of_one({.name = "t", .arguments = arguments}), HasSubstr("t(" + arguments + "): No."));
  EXPECT_THAT(text_of_one({.name = "t", .arguments = arguments + "b"}),
              HasSubstr("t(" + arguments + "...): No."));
  // What is written as six is cut as six.
  EXPECT_THAT(text_of_one({.name = "t", .arguments = std::string(2048, '\n')}), Not(HasSubstr("u000...")));
}

TEST(RefusalText, IsBounded) {
  const std::string arguments(4096, '\x01');
  const std::vector<CallToJudge> calls(1000, {.name = "tool", .arguments = arguments});
  const std::vector<ToolDecision> decisions(1000, blocked(std::string(4000, '\x02')));
  const std::string text = refusal_text(calls, decisions);
  EXPECT_LE(text.size(), (32u << 10) + 32);
  EXPECT_THAT(text, EndsWith("\n- and 997 more."));
}

}  // namespace
}  // namespace archestra::policy
