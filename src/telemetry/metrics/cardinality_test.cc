#include "telemetry/metrics/cardinality.h"

#include <gtest/gtest.h>

#include "telemetry/metrics/shard_metrics.h"
#include "telemetry/test_records.h"

namespace archestra::telemetry {
namespace {

class CardinalityTest : public testing::Test {
 protected:
  void run(std::string_view model) {
    sample_.call.requested_model = model;
    shard_.on_call_started(sample_.call.route, sample_.call.agent);
    shard_.on_request_finished(sample_.request);
  }

  LabelBudgets budgets_{2};
  ShardMetrics shard_{budgets_};
  Scrape scrape_{
      {&shard_.series(), &budgets_.models.series(), &budgets_.agents.series(), &budgets_.tools.series()},
      "1"};
  SampleCall sample_;
};

TEST_F(CardinalityTest, IsWhatTheSnapshotHas) {
  run("a");
  run("b");
  sample_.call.outcome = call::Outcome::kClientCancelled;  // one more series than the other has
  run("b");
  sample_.call.outcome = call::Outcome::kCompleted;
  run("c");
  const Snapshot snapshot = scrape_.collect();
  const Cardinality found = cardinality_of(snapshot, 100);

  std::size_t series = 0;
  for (const FamilySnapshot& family : snapshot.families) series += family.samples.size();
  EXPECT_EQ(found.series, series);
  std::size_t of_metrics = 0;
  for (std::size_t i = 0; i < found.metrics.size(); ++i) {
    of_metrics += found.metrics[i].series;
    EXPECT_GT(found.metrics[i].series, 0u);
    if (i > 0) EXPECT_GE(found.metrics[i - 1].series, found.metrics[i].series);
  }
  EXPECT_EQ(of_metrics, series);

  EXPECT_EQ(found.folded_calls, 1u) << "c has no place";
  ASSERT_EQ(found.budgets.size(), 3u);
  for (const Cardinality::Budget& budget : found.budgets) {
    EXPECT_EQ(budget.used, budget.kind == "model" ? 2 : budget.kind == "agent" ? 1 : 0) << budget.kind;
    EXPECT_EQ(budget.max, budget.kind == "tool" ? 500 : 2) << budget.kind;
  }

  std::size_t of_agents = 0;
  for (const FamilySnapshot& family : snapshot.families)
    if (family.family->has_agent_labels) of_agents += family.samples.size();
  std::size_t of_sets = 0;
  for (const Cardinality::Set& set : found.sets) of_sets += set.series;
  EXPECT_EQ(of_sets, of_agents);
  const Labels expected{{"provider", "openai"},
                        {"model", "b"},
                        {"agent_id", "0f6dc1a8-3b2e-4c1d-9a7f-112233445566"},
                        {"agent_name", "Support Bot"},
                        {"cost_center", "42"},
                        {"team", "data"}};
  EXPECT_EQ(found.sets.front().labels, expected) << "the largest";
}

TEST_F(CardinalityTest, HasTheLargestSetsAlone) {
  run("a");
  run("b");
  const Snapshot snapshot = scrape_.collect();
  const Cardinality all = cardinality_of(snapshot, 100);
  const Cardinality some = cardinality_of(snapshot, 1);
  ASSERT_EQ(some.sets.size(), 1u);
  EXPECT_GT(all.sets.size(), 2u);
  EXPECT_EQ(some.sets[0].labels, all.sets[0].labels);
  EXPECT_EQ(some.series, all.series);
}

TEST_F(CardinalityTest, OfNothingIsSmall) {
  const Cardinality found = cardinality_of(Scrape({}, "1").collect(), 20);
  EXPECT_TRUE(found.sets.empty());
  EXPECT_TRUE(found.budgets.empty());
  EXPECT_EQ(found.folded_calls, 0u);
}

}  // namespace
}  // namespace archestra::telemetry
