#include "telemetry/metrics/policy_metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/metrics/test_scrape.h"

namespace archestra::telemetry {
namespace {

using call::Decision;
using namespace std::chrono_literals;

class PolicyMetricsTest : public testing::Test {
 protected:
  void count(const std::vector<call::ToolDecision>& decisions, const call::PolicyFigures& figures = {}) {
    call::CallRecord call;
    call.tool_decisions = decisions;
    call.policy = figures;
    metrics_.count(call, std::nullopt);
  }
  std::int64_t value_of(Metric metric, std::string_view labels) {
    for (const auto& [text, value] : values_in(scrape_.collect(), metric))
      if (text == labels) return value;
    ADD_FAILURE() << "no " << labels;
    return -1;
  }

  LabelBudgets budgets_;
  SeriesSource source_;
  PolicyMetrics metrics_{source_.series, budgets_.tools};
  Scrape scrape_{{&source_}, "1"};
};

TEST_F(PolicyMetricsTest, CountsToolCallsByNameAndDecision) {
  count({{.tool = "read"}, {.tool = "send", .decision = Decision::kBlocked}, {.tool = "read"}});
  count({{.tool = "read", .decision = Decision::kWouldBlock}});
  EXPECT_EQ(value_of(Metric::kLlmToolCalls, R"(tool="read",decision="allowed")"), 2);
  EXPECT_EQ(value_of(Metric::kLlmToolCalls, R"(tool="read",decision="would_block")"), 1);
  EXPECT_EQ(value_of(Metric::kLlmToolCalls, R"(tool="read",decision="blocked")"), 0);
  EXPECT_EQ(value_of(Metric::kLlmToolCalls, R"(tool="send",decision="blocked")"), 1);
  // No policy looked at them.
  EXPECT_EQ(value_of(Metric::kPolicyEvaluations, R"(decision="allowed")"), 0);
  EXPECT_EQ(value_of(Metric::kPolicyEvaluationDuration, ""), 0);
}

TEST_F(PolicyMetricsTest, CountsWhatPoliciesWereAsked) {
  count({{.tool = "read"}, {.tool = "send", .decision = Decision::kBlocked}},
        {.results_trusted = 1, .results_untrusted = 2, .results_blocked = 3, .calls_judged = 2, .time = 7us});
  for (const auto& [decision, expected] : {std::pair(R"(decision="allowed")", 1),
                                           {R"(decision="blocked")", 1},
                                           {R"(decision="would_block")", 0},
                                           {R"(decision="result_trusted")", 1},
                                           {R"(decision="result_untrusted")", 2},
                                           {R"(decision="result_blocked")", 3}})
    EXPECT_EQ(value_of(Metric::kPolicyEvaluations, decision), expected) << decision;
  EXPECT_EQ(value_of(Metric::kPolicyEvaluationDuration, ""), 1);
}

// A model may make up any name.
TEST_F(PolicyMetricsTest, FoldsNamesBeyondTheBudget) {
  const std::size_t extra = 100;
  for (std::size_t i = 0; i < LabelBudgets::kToolsMax + extra; ++i)
    count({{.tool = "tool_" + std::to_string(i)}});
  EXPECT_EQ(value_of(Metric::kLlmToolCalls, R"(tool="__overflow__",decision="allowed")"),
            static_cast<std::int64_t>(extra));
  EXPECT_EQ(values_in(scrape_.collect(), Metric::kLlmToolCalls).size(), (LabelBudgets::kToolsMax + 1) * 3);
  // What has a place keeps it.
  count({{.tool = "tool_0"}});
  EXPECT_EQ(value_of(Metric::kLlmToolCalls, R"(tool="tool_0",decision="allowed")"), 2);
}

TEST_F(PolicyMetricsTest, CutsLongNames) {
  count({{.tool = std::string(300, 'x')}, {.tool = std::string(200, 'x')}});
  EXPECT_EQ(value_of(Metric::kLlmToolCalls, "tool=\"" + std::string(128, 'x') + R"(",decision="allowed")"),
            2);
}

}  // namespace
}  // namespace archestra::telemetry
