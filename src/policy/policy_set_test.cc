#include "policy/policy_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace archestra::policy {
namespace {

using call::Decision;
using call::ToolDecision;
using model::AgentSettings;
using model::Condition;
using model::InvocationAction;
using model::Operator;
using model::PolicyMode;
using model::ResultTreatment;
using model::ToolInvocationPolicy;
using model::TrustAction;
using model::TrustedDataPolicy;
using ::testing::HasSubstr;
using enum model::InvocationAction;
using enum Context;

constexpr auto kBlockResult = TrustAction::kBlockAlways;
constexpr auto kMarkTrusted = TrustAction::kMarkAsTrusted;
constexpr auto kMarkUntrusted = TrustAction::kMarkAsUntrusted;

base::Uuid uuid(std::uint8_t number) {
  base::Uuid id;
  id.bytes[15] = number;
  return id;
}
const base::Uuid kAgent = uuid(200);
const base::Uuid kOtherAgent = uuid(201);
const AgentSettings kLenient{};
const AgentSettings kDenying{.deny_tools_in_untrusted_context = true, .on_client_disconnect = {}};

base::WallTime second(int seconds) { return base::WallTime(std::chrono::seconds(seconds)); }

std::vector<Condition> where(std::string key, std::string value, Operator op = Operator::kEqual) {
  return {{.key = std::move(key), .op = op, .value = std::move(value)}};
}

// Rows of a set: those of calls, of results, of tools. Ids count from 1, and each is older than the next.
struct Rows {
  PolicyRows rows;
  std::uint8_t count = 0;

  ToolInvocationPolicy& call(std::string tool, InvocationAction action,
                             std::vector<Condition> conditions = {}) {
    ++count;
    rows.invocation.push_back({.id = uuid(count),
                               .agent_id = {},
                               .tool = std::move(tool),
                               .conditions = std::move(conditions),
                               .action = action,
                               .reason = "Reason " + std::to_string(count),
                               .created = second(count)});
    return rows.invocation.back();
  }
  TrustedDataPolicy& result(std::string tool, TrustAction action, std::vector<Condition> conditions = {}) {
    ++count;
    rows.trusted_data.push_back({.id = uuid(count),
                                 .agent_id = {},
                                 .tool = std::move(tool),
                                 .conditions = std::move(conditions),
                                 .action = action,
                                 .description = "Description " + std::to_string(count),
                                 .created = second(count)});
    return rows.trusted_data.back();
  }
  void tool(std::string name, model::ToolSettings settings) {
    rows.tools.push_back({.id = uuid(++count),
                          .agent_id = kAgent,
                          .declared = {.name = std::move(name), .description = "", .parameters = ""},
                          .settings = settings});
  }
  PolicySetRef compiled() const {
    auto set = compile(rows);
    EXPECT_TRUE(set) << set.error().message;
    return *set;
  }
};

struct Outcome {
  Decision decision = Decision::kAllowed;
  int policy = 0;  // its number; 0 for none
  bool operator==(const Outcome&) const = default;
};
void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << call::name_of(outcome.decision) << " by " << outcome.policy;
}
constexpr Outcome kAllowed{};
constexpr Outcome blocked_by(int policy) { return {Decision::kBlocked, policy}; }

Outcome judged(const PolicySetRef& set, std::string_view tool, std::string_view arguments = "{}",
               Context context = kTrusted, const AgentSettings& settings = kLenient,
               const base::Uuid& agent = kAgent) {
  const ToolDecision decision =
      set->of(agent).judge({.name = tool, .arguments = arguments}, settings, context);
  EXPECT_EQ(decision.tool, tool);
  EXPECT_EQ(decision.reason.empty(), decision.decision == Decision::kAllowed);
  return {decision.decision, decision.policy_id ? decision.policy_id->bytes[15] : 0};
}

// --- Calls

TEST(JudgeCall, NothingIsForbiddenWithoutPolicies) {
  Rows rows;
  for (const PolicySetRef& set : {no_policies(), rows.compiled()}) {
    const AgentPolicies& policies = set->of(kAgent);
    EXPECT_EQ(judged(set, "t"), kAllowed);
    EXPECT_EQ(judged(set, "t", "", kUntrusted), kAllowed);
    EXPECT_FALSE(policies.could_block(kLenient, kUntrusted));
    EXPECT_FALSE(policies.judges_calls(kLenient));
    EXPECT_FALSE(policies.depends_on_context(kLenient));
    EXPECT_FALSE(policies.could_block_results());
    EXPECT_FALSE(policies.judge_result({}).is_trusted);
    EXPECT_EQ(policies.judge_result({}).blocked_by, std::nullopt);
  }
}

TEST(JudgeCall, BlocksInTheirContext) {
  Rows rows;
  rows.call("always", kBlockAlways);
  rows.call("sometimes", kBlockWhenContextIsUntrusted);
  const PolicySetRef set = rows.compiled();
  EXPECT_EQ(judged(set, "always"), blocked_by(1));
  EXPECT_EQ(judged(set, "always", "{}", kUntrusted), blocked_by(1));
  EXPECT_EQ(judged(set, "sometimes"), kAllowed);
  EXPECT_EQ(judged(set, "sometimes", "{}", kUntrusted), blocked_by(2));
  EXPECT_EQ(judged(set, "other", "{}", kUntrusted), kAllowed);
}

TEST(JudgeCall, AllConditionsHaveToHold) {
  Rows rows;
  rows.call("t", kBlockAlways).conditions = {{.key = "a", .op = Operator::kEqual, .value = "1"},
                                             {.key = "b", .op = Operator::kEqual, .value = "2"}};
  const PolicySetRef set = rows.compiled();
  EXPECT_EQ(judged(set, "t", R"({"a":1,"b":2})"), blocked_by(1));
  EXPECT_EQ(judged(set, "t", R"({"a":1,"b":3})"), kAllowed);
  EXPECT_EQ(judged(set, "t", R"({"a":3,"b":2})"), kAllowed);
  EXPECT_EQ(judged(set, "t", ""), kAllowed);
}

TEST(JudgeCall, FailsClosedWhereArgumentsCannotBeRead) {
  Rows rows;
  rows.call("t", kBlockAlways, where("a", "1"));
  rows.call("u", kAllowWhenContextIsUntrusted, where("a", "1"));
  rows.call("v", kAllowWhenContextIsUntrusted);
  rows.call("w", kBlockAlways);
  const PolicySetRef set = rows.compiled();
  const AgentPolicies& policies = set->of(kAgent);
  const auto decide = [&](std::string_view tool, std::string_view arguments, bool is_readable) {
    return policies
        .judge({.name = tool, .arguments = arguments, .arguments_are_readable = is_readable}, kDenying,
               kUntrusted)
        .policy_id;
  };
  EXPECT_EQ(decide("t", R"({"a":2})", false), uuid(1));
  EXPECT_EQ(decide("t", R"({"a":2)", true), uuid(1));
  EXPECT_EQ(decide("t", "", false), uuid(1));
  EXPECT_EQ(decide("t", R"({"a":2})", true), std::nullopt);
  EXPECT_EQ(decide("u", R"({"a":1})", true), uuid(2));
  EXPECT_EQ(decide("u", R"({"a":1})", false), std::nullopt);
  EXPECT_EQ(decide("u", R"({"a":1)", true), std::nullopt);
  // Without conditions arguments do not matter.
  EXPECT_EQ(decide("v", "{", false), uuid(3));
  EXPECT_EQ(decide("w", "{", false), uuid(4));
}

TEST(JudgeCall, InAnUntrustedContextThatDenies) {
  Rows rows;
  rows.call("allowed", kAllowWhenContextIsUntrusted);
  rows.call("by_argument", kAllowWhenContextIsUntrusted,
            where("to[*]", "@corp.example", Operator::kEndsWith));
  rows.call("both", kAllowWhenContextIsUntrusted);
  rows.call("both", kBlockAlways);
  rows.call("watched", kAllowWhenContextIsUntrusted).mode = PolicyMode::kObserve;
  rows.tool("usable", {.usable_with_untrusted_data = true});
  const PolicySetRef set = rows.compiled();
  const auto decide = [&](std::string_view tool, std::string_view arguments = "{}") {
    return judged(set, tool, arguments, kUntrusted, kDenying);
  };
  constexpr Outcome kDenied = blocked_by(0);
  EXPECT_EQ(decide("other"), kDenied);
  EXPECT_EQ(decide("usable"), kAllowed);
  EXPECT_EQ(decide("allowed"), (Outcome{Decision::kAllowed, 1}));
  EXPECT_EQ(decide("by_argument", R"({"to":["a@corp.example"]})"), (Outcome{Decision::kAllowed, 2}));
  EXPECT_EQ(decide("by_argument", R"({"to":["a@corp.example","b@evil.example"]})"), kDenied);
  EXPECT_EQ(decide("by_argument", R"({"to":"b@evil.example","to":["a@corp.example"]})"), kDenied);
  EXPECT_EQ(decide("by_argument"), kDenied);
  EXPECT_EQ(decide("both"), blocked_by(4));
  EXPECT_EQ(decide("watched"), kDenied);
  // What permits goes by the exact name.
  EXPECT_EQ(decide("Allowed"), kDenied);
  EXPECT_EQ(decide("default_api.allowed"), kDenied);
  EXPECT_EQ(decide("Usable"), kDenied);
  EXPECT_EQ(judged(set, "usable", "{}", kUntrusted, kDenying, kOtherAgent), kDenied);
  // Elsewhere it has no say.
  EXPECT_EQ(judged(set, "other", "{}", kTrusted, kDenying), kAllowed);
  EXPECT_EQ(judged(set, "allowed", "{}", kUntrusted, kLenient), kAllowed);
  EXPECT_THAT(set->of(kAgent).judge({.name = "other", .arguments = ""}, kDenying, kUntrusted).reason,
              HasSubstr("context is untrusted"));
}

TEST(JudgeCall, ObservingPoliciesOnlyTell) {
  Rows rows;
  rows.call("t", kBlockAlways).mode = PolicyMode::kObserve;
  rows.call("t", kBlockAlways, where("a", "1"));
  rows.call("t", kAllowWhenContextIsUntrusted);
  const PolicySetRef set = rows.compiled();
  const Outcome would_be{Decision::kWouldBlock, 1};
  EXPECT_EQ(judged(set, "t"), would_be);
  EXPECT_EQ(judged(set, "t", R"({"a":1})"), blocked_by(2));
  EXPECT_EQ(judged(set, "t", "{}", kUntrusted, kDenying), would_be);
  EXPECT_EQ(judged(set, "other", "{}", kUntrusted, kDenying), blocked_by(0));
}

TEST(JudgeCall, ReasonsOfWhoGaveNone) {
  Rows rows;
  rows.call("t", kBlockAlways).reason = "";
  rows.call("u", kBlockWhenContextIsUntrusted).reason = "";
  rows.call("v", kBlockAlways);
  const PolicySetRef set = rows.compiled();
  const auto reason = [&](std::string_view tool) {
    return set->of(kAgent).judge({.name = tool, .arguments = ""}, kLenient, kUntrusted).reason;
  };
  EXPECT_EQ(reason("t"), "A policy blocks this call.");
  EXPECT_THAT(reason("u"), HasSubstr("context is untrusted"));
  EXPECT_EQ(reason("v"), "Reason 3");
}

TEST(JudgeCall, TheOldestOneThatHoldsDecides) {
  Rows rows;
  rows.call("t", kBlockAlways, where("a", "1"));
  rows.call("T", kBlockAlways).agent_id = kAgent;
  rows.call("t", kBlockWhenContextIsUntrusted);
  rows.call("\u200bt", kBlockAlways).agent_id = kAgent;
  // As old as the first one: the smaller id comes first.
  rows.call("t", kBlockAlways, where("b", "1")).created = second(1);
  rows.rows.invocation[4].agent_id = kAgent;
  for (int i = 0; i < 5; ++i) {
    const PolicySetRef set = rows.compiled();
    EXPECT_EQ(judged(set, "t", R"({"a":1,"b":1})"), blocked_by(1));
    EXPECT_EQ(judged(set, "t", R"({"b":1})"), blocked_by(5));
    EXPECT_EQ(judged(set, "t"), blocked_by(2));
    EXPECT_EQ(judged(set, "t", "", kUntrusted, kLenient, kOtherAgent), blocked_by(3));
    std::ranges::rotate(rows.rows.invocation, rows.rows.invocation.begin() + 1);
  }
}

TEST(JudgeCall, NamesThatAreTheSameWhenFolded) {
  Rows rows;
  rows.call("send_email", kBlockAlways);
  rows.call("default_api.Drop", kBlockAlways);
  const PolicySetRef set = rows.compiled();
  for (const std::string_view name :
       {"send_email", "Send_Email", " send_email ", "send\u200b_email", "default_api.send_email",
        "default_api:send_email", "\uff53end_email"}) {
    EXPECT_EQ(judged(set, name), blocked_by(1)) << name;
  }
  EXPECT_EQ(judged(set, "drop"), blocked_by(2));
  for (const std::string_view name : {"send_emails", "send-email", "send_email\xff", "my.send_email", ""})
    EXPECT_EQ(judged(set, name), kAllowed) << name;
}

TEST(JudgeCall, PoliciesOfAllAndOfOne) {
  Rows rows;
  rows.call("t", kBlockAlways);
  rows.call("u", kBlockAlways).agent_id = kAgent;
  rows.call("v", kAllowWhenContextIsUntrusted);
  rows.call("w", kAllowWhenContextIsUntrusted).agent_id = kAgent;
  const PolicySetRef set = rows.compiled();
  EXPECT_EQ(judged(set, "t"), blocked_by(1));
  EXPECT_EQ(judged(set, "u"), blocked_by(2));
  EXPECT_EQ(judged(set, "v", "", kUntrusted, kDenying), (Outcome{Decision::kAllowed, 3}));
  EXPECT_EQ(judged(set, "w", "", kUntrusted, kDenying), (Outcome{Decision::kAllowed, 4}));
  EXPECT_EQ(judged(set, "t", "", kTrusted, kLenient, kOtherAgent), blocked_by(1));
  EXPECT_EQ(judged(set, "u", "", kTrusted, kLenient, kOtherAgent), kAllowed);
  EXPECT_EQ(judged(set, "v", "", kUntrusted, kDenying, kOtherAgent), (Outcome{Decision::kAllowed, 3}));
  EXPECT_EQ(judged(set, "w", "", kUntrusted, kDenying, kOtherAgent), blocked_by(0));
  // Agents without rows of their own share theirs.
  EXPECT_EQ(&set->of(kOtherAgent), &set->of(uuid(99)));
  EXPECT_NE(&set->of(kOtherAgent), &set->of(kAgent));
}

TEST(AgentPolicies, WhatTheyTellOfThemselves) {
  struct Told {
    bool blocks_trusted, blocks_untrusted, judges, depends;
    bool operator==(const Told&) const = default;
  };
  const auto told = [](const PolicySetRef& set, const AgentSettings& settings,
                       const base::Uuid& agent = kAgent) {
    const AgentPolicies& policies = set->of(agent);
    return Told{policies.could_block(settings, kTrusted), policies.could_block(settings, kUntrusted),
                policies.judges_calls(settings), policies.depends_on_context(settings)};
  };
  const struct {
    InvocationAction action;
    PolicyMode mode;
    Told lenient, denying;
  } table[] = {
      {kBlockAlways, PolicyMode::kEnforce, {true, true, true, false}, {true, true, true, true}},
      {kBlockAlways, PolicyMode::kObserve, {false, false, true, false}, {false, true, true, true}},
      {kBlockWhenContextIsUntrusted,
       PolicyMode::kEnforce,
       {false, true, true, true},
       {false, true, true, true}},
      {kBlockWhenContextIsUntrusted,
       PolicyMode::kObserve,
       {false, false, true, true},
       {false, true, true, true}},
      {kAllowWhenContextIsUntrusted,
       PolicyMode::kEnforce,
       {false, false, false, false},
       {false, true, true, true}},
      {kAllowWhenContextIsUntrusted,
       PolicyMode::kObserve,
       {false, false, false, false},
       {false, true, true, true}},
  };
  for (const auto& [action, mode, lenient, denying] : table) {
    for (const auto& agent : {std::optional<base::Uuid>(), std::optional(kAgent)}) {
      Rows rows;
      rows.call("t", action).mode = mode;
      rows.rows.invocation[0].agent_id = agent;
      const PolicySetRef set = rows.compiled();
      EXPECT_EQ(told(set, kLenient), lenient);
      EXPECT_EQ(told(set, kDenying), denying);
      EXPECT_EQ(told(set, kLenient, kOtherAgent), agent ? Told{} : lenient);
      EXPECT_FALSE(set->of(kAgent).could_block_results());
    }
  }
}

// --- Results

struct Result {
  std::vector<std::string> tools;
  std::vector<std::string> contents;
  bool has_opaque = false;
};

// "trusted", "untrusted", or what it is blocked by.
std::string judged(const PolicySetRef& set, const Result& result, const base::Uuid& agent = kAgent) {
  const ResultDecision decision = set->of(agent).judge_result(
      {.tools = result.tools, .contents = result.contents, .has_opaque = result.has_opaque});
  if (decision.blocked_by) {
    EXPECT_TRUE(decision.is_trusted);  // what stands in its place is
    return *decision.blocked_by;
  }
  return decision.is_trusted ? "trusted" : "untrusted";
}

TEST(JudgeResult, TreatmentOfTheTool) {
  Rows rows;
  rows.tool("safe", {.result_treatment = ResultTreatment::kTrusted});
  const PolicySetRef set = rows.compiled();
  EXPECT_EQ(judged(set, {{"safe"}, {"x"}}), "trusted");
  EXPECT_EQ(judged(set, {{"safe"}, {}, true}), "trusted");
  EXPECT_EQ(judged(set, {{"safe"}, {"x"}}, kOtherAgent), "untrusted");
  EXPECT_EQ(judged(set, {{"Safe"}, {"x"}}), "untrusted");
  EXPECT_EQ(judged(set, {{"other"}, {"x"}}), "untrusted");
  EXPECT_EQ(judged(set, {{}, {"x"}}), "untrusted");
  EXPECT_EQ(judged(set, {{"safe", "safe"}, {"x"}}), "trusted");
  EXPECT_EQ(judged(set, {{"safe", "other"}, {"x"}}), "untrusted");
  EXPECT_EQ(judged(set, {{"other", "safe"}, {"x"}}), "untrusted");
}

TEST(JudgeResult, MarkedAsTrusted) {
  Rows rows;
  rows.result("always", kMarkTrusted);
  rows.result("mail", kMarkTrusted, where("emails[*].from", "@corp.example", Operator::kEndsWith));
  rows.result("mail", kMarkTrusted, where("kind", "empty"));
  rows.result("text", kMarkTrusted, where("", "ok"));
  const PolicySetRef set = rows.compiled();
  const struct {
    Result result;
    std::string_view expected;
  } table[] = {
      {{{"always"}, {"x"}}, "trusted"},
      {{{"always"}, {}}, "trusted"},
      {{{"always"}, {}, true}, "trusted"},
      {{{"ALWAYS"}, {"x"}}, "untrusted"},
      {{{"mail"}, {R"({"emails":[{"from":"a@corp.example"}]})"}}, "trusted"},
      {{{"mail"}, {R"({"emails":[{"from":"a@corp.example"},{"from":"b@evil.example"}]})"}}, "untrusted"},
      {{{"mail"}, {R"({"emails":[{"from":"a@corp.example"},{"subject":"hi"}]})"}}, "untrusted"},
      {{{"mail"}, {R"({"emails":[]})"}}, "untrusted"},
      {{{"mail"}, {R"({"emails":[{"from":"a@corp.example"}]})"}, true}, "untrusted"},
      {{{"mail"}, {R"({"emails":[{"from":"a@corp.example"}]})", "and more"}}, "untrusted"},
      {{{"mail"}, {}}, "untrusted"},
      {{{"mail"}, {"{\"emails\":[{\"from\":\"a@corp.example\"}]"}}, "untrusted"},
      {{{"mail"}, {R"({"kind":"empty"})", R"({"kind":"empty"})"}}, "trusted"},
      // One policy for all of it: two that trust a half each have not seen a result of this kind.
      {{{"mail"}, {R"({"kind":"empty"})", R"({"emails":[{"from":"a@corp.example"}]})"}}, "untrusted"},
      {{{"text"}, {"ok"}}, "trusted"},
      {{{"text"}, {"ok", "ok"}}, "trusted"},
      {{{"text"}, {"ok", "no"}}, "untrusted"},
      {{{"text"}, {"no", "ok"}}, "untrusted"},
      {{{"always", "text"}, {"ok"}}, "trusted"},
      {{{"always", "text"}, {"no"}}, "untrusted"},
      {{{}, {"ok"}}, "untrusted"},
  };
  for (const auto& [result, expected] : table)
    EXPECT_EQ(judged(set, result), expected) << &result - &table[0].result;
}

TEST(JudgeResult, UntrustedBeatsTrusted) {
  Rows rows;
  rows.result("t", kMarkTrusted);
  rows.result("t", kMarkUntrusted, where("", "evil", Operator::kContains));
  rows.result("safe", kMarkUntrusted, where("k", "x"));
  rows.tool("safe", {.result_treatment = ResultTreatment::kTrusted});
  rows.tool("SAFE", {.result_treatment = ResultTreatment::kTrusted});
  const PolicySetRef set = rows.compiled();
  EXPECT_EQ(judged(set, {{"t"}, {"good"}}), "trusted");
  EXPECT_EQ(judged(set, {{"t"}, {"good", "evil"}}), "untrusted");
  EXPECT_EQ(judged(set, {{"safe"}, {R"({"k":"y"})"}}), "trusted");
  EXPECT_EQ(judged(set, {{"safe"}, {R"({"k":"x"})"}}), "untrusted");
  EXPECT_EQ(judged(set, {{"SAFE"}, {R"({"k":"y"})"}}), "trusted");
  EXPECT_EQ(judged(set, {{"SAFE"}, {R"({"k":"x"})"}}),
            "untrusted");  // what restricts goes by the folded name
  EXPECT_EQ(judged(set, {{"safe"}, {R"({"k":"\ud800"})"}}), "untrusted");
}

TEST(JudgeResult, Blocked) {
  Rows rows;
  rows.result("t", kBlockResult, where("secret", "yes"));
  rows.result("t", kMarkTrusted);
  rows.result("u", kBlockResult).agent_id = kAgent;
  rows.result("v", kBlockResult, where("", "evil", Operator::kContains)).description = "";
  rows.result("w", kBlockResult).conditions = {{.key = "a", .op = Operator::kEqual, .value = "1"},
                                               {.key = "b", .op = Operator::kEqual, .value = "1"}};
  const PolicySetRef set = rows.compiled();
  const std::string secret = R"({"secret":"yes"})";
  EXPECT_TRUE(set->of(kOtherAgent).could_block_results());
  EXPECT_EQ(judged(set, {{"t"}, {"{}"}}), "trusted");
  EXPECT_EQ(judged(set, {{"t"}, {secret}}), "Description 1");
  EXPECT_EQ(judged(set, {{"T"}, {"{}", secret}}), "Description 1");
  EXPECT_EQ(judged(set, {{"t"}, {"plain"}}), "trusted");
  EXPECT_EQ(judged(set, {{"t"}, {R"({"secret":"yes","x":"\ud800"})"}}), "Description 1");
  EXPECT_EQ(judged(set, {{"u"}, {}, true}), "Description 3");
  EXPECT_EQ(judged(set, {{"u"}, {"x"}}, kOtherAgent), "untrusted");
  EXPECT_EQ(judged(set, {{"v"}, {"an evil one"}}), "this content may not reach the model");
  // Each content by itself.
  EXPECT_EQ(judged(set, {{"w"}, {R"({"a":1})", R"({"b":1})"}}), "untrusted");
  EXPECT_EQ(judged(set, {{"w"}, {"{}", R"({"a":1,"b":1})"}}), "Description 5");
  // Of several tools any one, the oldest policy.
  EXPECT_EQ(judged(set, {{"t", "u"}, {secret}}), "Description 1");
  EXPECT_EQ(judged(set, {{"other", "t"}, {secret}}), "Description 1");
  EXPECT_EQ(judged(set, {{"u", "t"}, {secret}}), "Description 1");
  EXPECT_EQ(judged(set, {{"u", "t"}, {"{}"}}), "Description 3");
  // Without a tool, all that there are.
  EXPECT_EQ(judged(set, {{}, {secret}}, kOtherAgent), "Description 1");
  EXPECT_EQ(judged(set, {{}, {"{}"}}, kOtherAgent), "untrusted");
  EXPECT_EQ(judged(set, {{}, {"{}"}}), "Description 3");
}

TEST(JudgeResult, TheOldestBlockDecides) {
  Rows rows;
  rows.result("t", kBlockResult);
  rows.result("t", kBlockResult).created = second(0);
  rows.result("t", kBlockResult).agent_id = kAgent;
  const PolicySetRef set = rows.compiled();
  EXPECT_EQ(judged(set, {{"t"}, {"x"}}), "Description 2");
  EXPECT_EQ(judged(set, {{}, {"x"}}), "Description 2");
}

// --- Compiling

TEST(Compile, NamesWhatIsAtFault) {
  Rows rows;
  rows.call("t", kBlockAlways);
  rows.call("t", kBlockAlways, where("a", "("));
  EXPECT_TRUE(compile(rows.rows));
  rows.rows.invocation[1].conditions.push_back({.key = "b", .op = Operator::kRegex, .value = "("});
  auto set = compile(rows.rows);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().policy, uuid(2));
  EXPECT_EQ(set.error().message, "Condition 2: The pattern is no regular expression of RE2: missing ): (.");

  Rows others;
  others.result("t", kBlockResult, where("a[", "x"));
  set = compile(others.rows);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().policy, uuid(1));
  EXPECT_THAT(set.error().message, HasSubstr("Condition 1: The key \"a[\" is no path"));
}

TEST(Compile, ToolsWithDefaultSettingsAreNoRows) {
  Rows rows;
  rows.tool("t", {});
  const PolicySetRef set = rows.compiled();
  EXPECT_EQ(&set->of(kAgent), &set->of(kOtherAgent));
}

}  // namespace
}  // namespace archestra::policy
