#include "telemetry/history/overview.h"

#include <gtest/gtest.h>

#include <string>

#include "telemetry/history/test_recorded.h"
#include "telemetry/metrics/shard_metrics.h"

namespace archestra::telemetry {
namespace {

using std::chrono_literals::operator""ms;

constexpr std::int64_t kStart = 1'700'000'100;

class OverviewTest : public testing::Test {
 protected:
  void add(std::int64_t time, int calls = 1) {
    Recorded recorded(sample_.request);
    store_.advance(time);
    for (int i = 0; i < calls; ++i) store_.add(recorded.request(), CallFigures(recorded.request().call));
    now_ = time;
  }
  SeriesSnapshot snapshot(std::size_t tier = 0) const {
    return {.step = kTiers[tier].step, .now = now_, .slots = store_.slots(tier)};
  }
  Overview overview(const Grouping& grouping, const SetFilter& filter = {}) const {
    return make_overview(snapshot(), Window::until(now_, 10, 6), filter, grouping);
  }
  void set_agent(std::string_view id, std::string name, std::vector<model::Label> labels) {
    sample_.call.agent = model::make_agent(*base::Uuid::parse(id), std::move(name), std::move(labels));
  }

  SampleCall sample_;
  SeriesStore store_{std::size_t{1} << 20, {.sets = 40}};
  std::int64_t now_ = kStart;
};

constexpr std::string_view kAgentA = "0f6dc1a8-3b2e-4c1d-9a7f-112233445566";
constexpr std::string_view kAgentB = "0f6dc1a8-3b2e-4c1d-9a7f-112233445577";

std::vector<std::uint64_t> calls_of(const FigureSeries& series) {
  std::vector<std::uint64_t> calls;
  for (const Counts& counts : series.steps) calls.push_back(counts.calls);
  return calls;
}

TEST_F(OverviewTest, StepsOfTheWindow) {
  add(kStart - 60);  // before the window
  add(kStart - 50, 2);
  sample_.tries[0].duration = 100ms;
  add(kStart - 10, 3);
  add(kStart + 9, 4);
  const Overview all = overview({});
  EXPECT_EQ(calls_of(all.all), (std::vector<std::uint64_t>{2, 0, 0, 0, 3, 4}));
  EXPECT_EQ(all.all.totals.calls, 9u);
  EXPECT_EQ(all.all.totals.input_tokens, 900u);
  EXPECT_TRUE(all.groups.empty());
  EXPECT_EQ(all.folded_groups, 0u);
  ASSERT_TRUE(all.all.measured_steps[0][0]);
  EXPECT_NEAR(all.all.measured_steps[0][0]->p50, 2.9, 0.09);
  EXPECT_FALSE(all.all.measured_steps[1][0]);
  EXPECT_NEAR(all.all.measured_steps[5][0]->p99, 0.1, 0.003);
  EXPECT_NEAR(all.all.measured[0]->p50, 0.1, 0.003);
  EXPECT_NEAR(all.all.measured[0]->p99, 2.9, 0.09);
}

TEST_F(OverviewTest, GroupsByEverything) {
  set_agent(kAgentA, "A", {{"team", "red"}});
  add(kStart, 3);
  set_agent(kAgentA, "A2", {{"team", "blue"}});
  add(kStart, 1);
  set_agent(kAgentB, "B", {});
  sample_.call.requested_model = "gpt-5";
  add(kStart, 2);
  sample_.call.agent = nullptr;
  sample_.call.tries = {};
  sample_.call.outcome = call::Outcome::kInvalidRequest;
  sample_.call.usage = {};
  sample_.call.route.provider = "gemini";
  add(kStart, 5);
  using Row = std::tuple<std::string, std::string, std::uint64_t>;
  const auto rows = [&](const Grouping& grouping) {
    std::vector<Row> found;
    for (const FigureSeries& group : overview(grouping).groups)
      found.emplace_back(group.key, group.name, group.totals.calls);
    return found;
  };
  EXPECT_EQ(rows({.by = GroupBy::kProvider}),
            (std::vector<Row>{{"openai", "openai", 6}, {"gemini", "gemini", 5}}));
  EXPECT_EQ(rows({.by = GroupBy::kModel}),
            (std::vector<Row>{{"unknown", "unknown", 5}, {"gpt-4o", "gpt-4o", 4}, {"gpt-5", "gpt-5", 2}}));
  EXPECT_EQ(rows({.by = GroupBy::kAgent}),
            (std::vector<Row>{
                {"unknown", "unknown", 5}, {std::string(kAgentA), "A2", 4}, {std::string(kAgentB), "B", 2}}));
  EXPECT_EQ(rows({.by = GroupBy::kLabel, .label_key = "team"}),
            (std::vector<Row>{{"", "", 7}, {"red", "red", 3}, {"blue", "blue", 1}}));
  const Overview models = overview({.by = GroupBy::kModel, .groups_max = 1});
  EXPECT_EQ(models.groups.size(), 1u);
  EXPECT_EQ(models.folded_groups, 2u);
  EXPECT_EQ(models.all.totals.calls, 11u);
  EXPECT_EQ(models.all.totals.errors, 5u);
  EXPECT_EQ(models.groups[0].totals.errors, 5u);
  EXPECT_FALSE(models.groups[0].measured[0]) << "no try, no latency";
  EXPECT_TRUE(models.groups[0].measured[2]) << "but the gateway's own time";
}

TEST_F(OverviewTest, Filters) {
  set_agent(kAgentA, "A", {{"team", "red"}, {"a:b", "c:d"}});
  add(kStart, 3);
  set_agent(kAgentB, "B", {{"team", "redder"}});
  sample_.call.requested_model = "gpt-5";
  add(kStart, 2);
  const auto calls = [&](const SetFilter& filter) { return overview({}, filter).all.totals.calls; };
  EXPECT_EQ(calls({.provider = "openai"}), 5u);
  EXPECT_EQ(calls({.provider = "gemini"}), 0u);
  EXPECT_EQ(calls({.model = "gpt-5"}), 2u);
  EXPECT_EQ(calls({.agent_id = std::string(kAgentA)}), 3u);
  EXPECT_EQ(calls({.label = "team:red"}), 3u);
  EXPECT_EQ(calls({.label = "team:redder"}), 2u);
  EXPECT_EQ(calls({.label = "team:"}), 0u);
  EXPECT_EQ(calls({.label = "a:b:c:d"}), 3u);
  EXPECT_EQ(calls({.model = "gpt-5", .label = "team:red"}), 0u);
}

TEST_F(OverviewTest, SaysHowManyCallsFoundNoPlace) {
  for (int i = 0; i < 50; ++i) {
    const std::string model = "m" + std::to_string(i);
    sample_.call.requested_model = model;
    add(kStart);
  }
  const Overview models = overview({.by = GroupBy::kModel});
  EXPECT_EQ(models.folded_calls, 10u);
  EXPECT_EQ(models.groups.front().key, kOverflow);
  EXPECT_EQ(models.groups.size(), 20u);
  EXPECT_EQ(models.folded_groups, 21u);
}

TEST_F(OverviewTest, AgentsAndDimensions) {
  set_agent(kAgentA, "A", {{"team", "red"}});
  add(kStart, 3);
  add(kStart + 60, 1);
  set_agent(kAgentB, "B", {{"area", "x"}});
  sample_.call.requested_model = "gpt-5";
  add(kStart + 120, 2);
  const auto agents = make_agent_series(snapshot(1), Window::until(now_, 120, 30));
  ASSERT_EQ(agents.size(), 2u);
  EXPECT_EQ(agents[0].agent_id, kAgentA);
  EXPECT_EQ(agents[0].totals.calls, 4u);
  EXPECT_EQ(agents[0].calls.size(), 30u);
  std::uint64_t sum = 0;
  for (const std::uint64_t calls : agents[0].calls) sum += calls;
  EXPECT_EQ(sum, 4u);
  EXPECT_EQ(agents[1].calls.back(), 2u);
  const Dimensions dimensions = make_dimensions(snapshot(2));
  EXPECT_EQ(dimensions.providers, std::vector<std::string>{"openai"});
  EXPECT_EQ(dimensions.models, (std::vector<std::string>{"gpt-4o", "gpt-5"}));
  EXPECT_EQ(dimensions.label_keys, (std::vector<std::string>{"area", "team"}));
}

}  // namespace
}  // namespace archestra::telemetry
