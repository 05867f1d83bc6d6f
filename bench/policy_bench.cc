// What it costs to judge a tool call with a hundred policies, and to compile them.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "policy/policy_set.h"

namespace archestra::policy {
namespace {

using model::Operator;

constexpr int kPolicies = 100;

constexpr std::string_view kArguments =
    R"({"to":[{"name":"Ada","address":"ada@corp.example"},{"name":"Bob","address":"bob@corp.example"}],)"
    R"("subject":"Minutes of the meeting","body":"Dear all,\n\nplease find the minutes below. We agreed to )"
    R"(meet again in two weeks, at the same place and the same hour.\n\nKind regards\nEve","attachments":[],)"
    R"("priority":3,"send_at":"2026-01-31T12:00:00Z","draft":false})";

/// No condition holds, so that all of them are looked at.
std::vector<model::Condition> condition(int number) {
  const std::string text = "stranger" + std::to_string(number);
  switch (number % 4) {
    case 0:
      return {{.key = "to[*].address", .op = Operator::kEndsWith, .value = "@" + text + ".example"}};
    case 1:
      return {{.key = "subject", .op = Operator::kEqual, .value = text}};
    case 2:
      return {{.key = "body", .op = Operator::kContains, .value = text}};
    default:
      return {
          {.key = "to[0].address", .op = Operator::kRegex, .value = "^" + text + "[0-9]*@(a|b)\\.example$"}};
  }
}

PolicyRows rows(bool one_tool) {
  PolicyRows rows;
  for (int i = 0; i < kPolicies; ++i) {
    base::Uuid id;
    id.bytes[15] = static_cast<std::uint8_t>(i);
    rows.invocation.push_back({.id = id,
                               .agent_id = i % 2 == 0 ? std::optional(base::Uuid{}) : std::nullopt,
                               .tool = one_tool ? "send_email" : "tool_" + std::to_string(i),
                               .conditions = condition(i),
                               .reason = ""});
    rows.trusted_data.push_back({.id = id,
                                 .agent_id = {},
                                 .tool = rows.invocation.back().tool,
                                 .conditions = condition(i),
                                 .action = model::TrustAction::kBlockAlways,
                                 .description = ""});
  }
  return rows;
}

PolicySetRef compiled(benchmark::State& state, bool one_tool) {
  auto set = compile(rows(one_tool));
  if (!set) state.SkipWithError("the policies do not compile");
  return set.value_or(no_policies());
}

void judge(benchmark::State& state, bool one_tool, std::string_view tool) {
  const PolicySetRef set = compiled(state, one_tool);
  const CallToJudge call{.name = tool, .arguments = kArguments};
  for (auto _ : state) {
    const call::ToolDecision decision = set->of({}).judge(call, {}, Context::kTrusted);
    if (decision.decision != call::Decision::kAllowed) state.SkipWithError("the call is blocked");
  }
}
BENCHMARK_CAPTURE(judge, all_of_its_tool, true, "send_email");
BENCHMARK_CAPTURE(judge, all_of_its_tool_by_another_name, true, "Send\u200b_Email");
BENCHMARK_CAPTURE(judge, one_of_its_tool, false, "tool_50");
BENCHMARK_CAPTURE(judge, none_of_its_tool, false, "send_email");

void judge_result(benchmark::State& state) {
  const PolicySetRef set = compiled(state, true);
  const std::vector<std::string> tools{"send_email"};
  const std::vector<std::string> contents{std::string(kArguments)};
  for (auto _ : state) {
    const ResultDecision decision = set->of({}).judge_result({.tools = tools, .contents = contents});
    if (decision.blocked_by) state.SkipWithError("the result is blocked");
  }
}
BENCHMARK(judge_result);

void compile_all(benchmark::State& state) {
  const PolicyRows all = rows(true);
  for (auto _ : state) benchmark::DoNotOptimize(compile(all));
}
BENCHMARK(compile_all);

}  // namespace
}  // namespace archestra::policy
