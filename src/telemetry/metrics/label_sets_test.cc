// What becomes of series when agents change and go, and when there are more label sets than there is room
// for: over several shards, as a scrape sees it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "telemetry/metrics/shard_metrics.h"
#include "telemetry/metrics/test_scrape.h"
#include "telemetry/test_records.h"

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

std::atomic<std::int64_t> time_since_start{0};  // what test_now() tells, in nanoseconds
base::MonotonicTime test_now() { return base::MonotonicTime(base::Duration(time_since_start)); }
void pass(base::Duration time) { time_since_start += time.count(); }

model::AgentRef relabelled(const model::AgentRef& agent, std::string team) {
  return model::make_agent(agent->id, agent->name, {{"team", std::move(team)}});
}

class LabelSetsTest : public testing::Test {
 protected:
  explicit LabelSetsTest(std::size_t sets_max = kLabelSetsDefault) : budgets_(sets_max) {}

  void start(std::size_t shard, const SampleCall& sample) {
    shards_[shard].on_call_started(sample.call.route, sample.call.agent);
  }
  void accept(std::size_t shard, const SampleCall& sample) {
    shards_[shard].on_call_accepted(
        {sample.call.route, sample.call.agent, sample.call.requested_model, sample.call.stream, 200});
  }
  void finish(std::size_t shard, const SampleCall& sample) {
    shards_[shard].on_request_finished(sample.request);
  }
  void run(std::size_t shard, const SampleCall& sample) {
    start(shard, sample);
    accept(shard, sample);
    finish(shard, sample);
  }
  void change(const model::AgentRef& before, const model::AgentRef& after) {
    for (ShardMetrics& shard : shards_) shard.on_agent_changed(before, after);
  }
  /// Something happens on each shard, so that it can give up what has ended.
  void touch() {
    for (ShardMetrics& shard : shards_) shard.on_request_finished(sample_health());
  }

  Values values_of(Metric metric) { return values_in(scrape_.collect(), metric); }
  std::int64_t sum(Metric metric, std::string_view part = "") { return sum_of(values_of(metric), part); }
  /// How many series a family has with `part` in its labels.
  std::size_t count(Metric metric, std::string_view part = "") {
    const Values values = values_of(metric);
    return static_cast<std::size_t>(std::ranges::count_if(
        values, [&](const auto& entry) { return entry.first.find(part) != std::string::npos; }));
  }
  /// All series of all llm_* families with `part` in their labels.
  std::size_t llm_series(std::string_view part) {
    std::size_t series = 0;
    const Snapshot families = scrape_.collect();
    for (const Family& family : catalogue())
      if (family.has_agent_labels)
        for (const auto& [labels, value] : values_in(families, family.metric))
          series += labels.find(part) != std::string::npos;
    return series;
  }

  static constexpr ShardMetrics::Retirement kRetirement{1h, test_now};
  LabelBudgets budgets_;
  std::array<ShardMetrics, 2> shards_{ShardMetrics(budgets_, kRetirement),
                                      ShardMetrics(budgets_, kRetirement)};
  Scrape scrape_{{&shards_[0].series(), &shards_[1].series(), &budgets_.models.series()}, "1", test_now};
};

// ---- At zero before there is anything to count

TEST_F(LabelSetsTest, ANewModelAppearsAtZeroWhenItsProviderAcceptsTheCall) {
  const SampleCall sample;
  start(0, sample);
  EXPECT_EQ(values_of(Metric::kLlmAccountingFinalized).size(), 1u) << "completed, at zero";
  EXPECT_TRUE(values_of(Metric::kLlmRequests).empty()) << "the model may be made up";
  accept(0, sample);
  EXPECT_EQ(count(Metric::kLlmRequests, "model=\"gpt-4o\""), 1u);
  EXPECT_EQ(count(Metric::kLlmRequests, "outcome=\"completed\""), 1u);
  EXPECT_EQ(count(Metric::kLlmRequestDuration, "status_code=\"200\""), 1u);
  EXPECT_EQ(count(Metric::kLlmTokens), 2u);
  EXPECT_EQ(count(Metric::kLlmTimeToFirstToken), 1u);
  EXPECT_EQ(count(Metric::kLlmBlockedTool, "team=\"data\""), 1u);
  EXPECT_EQ(count(Metric::kLlmBlockedTools, "team=\"data\""), 1u);
  for (const Metric metric :
       {Metric::kLlmRequests, Metric::kLlmRequestDuration, Metric::kLlmTokens, Metric::kLlmTimeToFirstToken,
        Metric::kLlmBlockedTool, Metric::kLlmBlockedTools, Metric::kLlmAccountingFinalized})
    EXPECT_EQ(sum(metric), 0);
  for (const Metric metric : {Metric::kLlmTimeToFirstByte, Metric::kLlmInterToken, Metric::kLlmStreamStalls,
                              Metric::kLlmTokensPerSecond, Metric::kLlmGateway, Metric::kLlmReasoningTokens,
                              Metric::kLlmUsage, Metric::kLlmUndeliveredTokens}) {
    EXPECT_EQ(count(metric), 1u) << family_of(metric).name;
    EXPECT_EQ(sum(metric), 0) << family_of(metric).name;
  }
  EXPECT_EQ(count(Metric::kLlmCacheTokens), 2u);
  const std::size_t before = llm_series("");
  finish(0, sample);
  EXPECT_EQ(llm_series(""), before) << "what a completed stream adds to was there already";
  EXPECT_EQ(sum(Metric::kLlmRequests), 1);
}

TEST_F(LabelSetsTest, AnAnswerThatIsNoStreamHasNoFirstToken) {
  SampleCall sample;
  sample.call.stream = false;
  start(0, sample);
  accept(0, sample);
  for (const Metric metric : {Metric::kLlmTimeToFirstToken, Metric::kLlmInterToken, Metric::kLlmStreamStalls,
                              Metric::kLlmTokensPerSecond})
    EXPECT_TRUE(values_of(metric).empty()) << family_of(metric).name;
  EXPECT_EQ(count(Metric::kLlmTimeToFirstByte), 1u);
}

TEST_F(LabelSetsTest, OfWhatIsOnlyPassedOnNoTokensAreExpected) {
  SampleCall sample;
  call::Operation files = kSampleOperation;
  files.observed = false;
  sample.call.route.operation = &files;
  start(0, sample);
  accept(0, sample);
  EXPECT_EQ(count(Metric::kLlmUsage, "provenance=\"unknown\""), 1u);
  EXPECT_EQ(count(Metric::kLlmUsage), 1u);
  EXPECT_TRUE(values_of(Metric::kLlmCacheTokens).empty());
}

TEST_F(LabelSetsTest, WhatAnAgentIsKnownForAppearsAtZeroUnderItsNewLabels) {
  SampleCall sample;
  run(0, sample);
  sample.call.outcome = call::Outcome::kUpstreamTruncated;
  sample.call.usage.provenance = call::Provenance::kEstimate;
  run(0, sample);
  sample.call.requested_model = "gpt-5";
  sample.call.outcome = call::Outcome::kUpstreamError;
  sample.call.usage = {};
  sample.tries[0].status_code = 429;
  start(1, sample);
  finish(1, sample);
  const model::AgentRef after = relabelled(sample.call.agent, "blue");
  change(sample.call.agent, after);

  const std::string blue = "team=\"blue\"";
  const std::string old = "team=\"data\"";
  EXPECT_EQ(llm_series(blue), llm_series(old));
  EXPECT_EQ(count(Metric::kLlmRequests, blue), 3u);
  EXPECT_EQ(count(Metric::kLlmRequestDuration, "model=\"unknown\""), 2u) << "429, under old and new labels";
  const Snapshot families = scrape_.collect();
  for (const Family& family : catalogue())
    if (family.has_agent_labels)
      EXPECT_EQ(sum_of(values_in(families, family.metric), blue), 0) << family.name;
  EXPECT_EQ(sum_of(values_in(families, Metric::kLlmRequests), old), 3) << "old series keep their value";

  sample.call.agent = after;
  const std::size_t series = llm_series("");
  start(1, sample);
  finish(1, sample);
  EXPECT_EQ(llm_series(""), series) << "nothing had to appear any more";
  EXPECT_EQ(sum(Metric::kLlmRequests, blue), 1);
  EXPECT_EQ(sum(Metric::kLlmRequests), 4);
}

TEST_F(LabelSetsTest, TwoChangesInARowCarryOn) {
  const SampleCall sample;
  run(0, sample);
  const model::AgentRef blue = relabelled(sample.call.agent, "blue");
  const model::AgentRef red = relabelled(sample.call.agent, "red");
  change(sample.call.agent, blue);
  change(blue, red);
  EXPECT_EQ(llm_series("team=\"red\""), llm_series("team=\"data\""));
}

TEST_F(LabelSetsTest, ACallThatWasUnderWayEndsUnderTheLabelsItBeganWith) {
  SampleCall sample;
  run(0, sample);
  start(0, sample);
  const model::AgentRef after = relabelled(sample.call.agent, "blue");
  change(sample.call.agent, after);
  finish(0, sample);
  EXPECT_EQ(sum(Metric::kLlmRequests, "team=\"data\""), 2);
  EXPECT_EQ(sum(Metric::kLlmRequestsInFlight, "team=\"data\""), 0);
  EXPECT_EQ(sum(Metric::kLlmRequests, "team=\"blue\""), 0);
}

TEST_F(LabelSetsTest, AnAgentThatGoesBackAndForthLeavesTwoSets) {
  SampleCall sample;
  const model::Agent original = *sample.call.agent;
  run(0, sample);
  for (int i = 0; i < 1000; ++i) {
    const model::AgentRef next =
        i % 2 == 0 ? relabelled(sample.call.agent, "blue") : std::make_shared<const model::Agent>(original);
    const std::weak_ptr<const model::Agent> earlier = sample.call.agent;
    change(sample.call.agent, next);
    sample.call.agent = next;
    run(0, sample);
    if (i > 1) EXPECT_TRUE(earlier.expired()) << "an agent that is no more is not held on to";
  }
  EXPECT_EQ(count(Metric::kLlmRequests), 2u);
  EXPECT_EQ(sum(Metric::kLlmRequests), 1001);
  EXPECT_EQ(sum(Metric::kLabelSets), 2);
}

TEST_F(LabelSetsTest, ANewObjectWithTheSameLabelsGoesOn) {
  SampleCall sample;
  run(0, sample);
  const std::weak_ptr<const model::Agent> first = sample.call.agent;
  for (int i = 0; i < 3; ++i) {
    sample.call.agent = std::make_shared<const model::Agent>(*sample.call.agent);
    run(0, sample);
  }
  EXPECT_EQ(count(Metric::kLlmRequests), 1u);
  EXPECT_EQ(sum(Metric::kLlmRequests), 4);
}

// ---- Retirement

TEST_F(LabelSetsTest, SeriesOfADeletedAgentVanishAnHourLaterOnAllShardsAtOnce) {
  SampleCall other;
  other.call.agent = model::make_agent(base::Uuid{}, "Other");
  run(0, other);
  const SampleCall sample;
  run(0, sample);
  run(1, sample);
  change(sample.call.agent, nullptr);
  pass(1h - 1ns);
  touch();
  EXPECT_EQ(sum(Metric::kLlmRequests, "Support Bot"), 2);
  pass(1ns);
  EXPECT_EQ(llm_series("Support Bot"), 0u) << "nobody has to call for it";
  EXPECT_EQ(sum(Metric::kLlmRequests), 1);
  EXPECT_EQ(sum(Metric::kLabelSets), 2);
  touch();
  EXPECT_EQ(sum(Metric::kLabelSets), 1);
}

TEST_F(LabelSetsTest, AllLabelsADeletedAgentEverHadVanish) {
  SampleCall sample;
  run(0, sample);
  const model::AgentRef blue = relabelled(sample.call.agent, "blue");
  change(sample.call.agent, blue);
  pass(2h);
  touch();
  EXPECT_EQ(sum(Metric::kLlmRequests, "team=\"data\""), 1) << "it lives";
  change(blue, nullptr);
  pass(1h);
  EXPECT_EQ(llm_series("Support Bot"), 0u);
}

// A page is written for as long as its scraper takes.
TEST_F(LabelSetsTest, ASnapshotKeepsTheLabelsOfWhatVanishes) {
  const SampleCall sample;
  run(0, sample);
  const Snapshot snapshot = scrape_.collect();
  change(sample.call.agent, nullptr);
  pass(2h);
  touch();
  EXPECT_EQ(llm_series(""), 0u);
  run(0, SampleCall());
  EXPECT_GT(llm_series("Support Bot"), 0u);
  EXPECT_EQ(sum_of(values_in(snapshot, Metric::kLlmRequests), "Support Bot"), 1);
}

TEST_F(LabelSetsTest, ACallInFlightKeepsAllSeriesOfItsAgent) {
  const SampleCall sample;
  run(1, sample);
  start(0, sample);
  EXPECT_EQ(sum(Metric::kLlmRequests), 1);
  change(sample.call.agent, nullptr);
  pass(2h);
  touch();
  EXPECT_EQ(sum(Metric::kLlmRequests), 1) << "though the other shard's group has ended";
  EXPECT_EQ(sum(Metric::kLlmRequestsInFlight), 1);
  finish(0, sample);
  EXPECT_EQ(llm_series("Support Bot"), 0u);
  touch();
  EXPECT_EQ(sum(Metric::kLabelSets), 0);
}

TEST_F(LabelSetsTest, ACallInFlightEndsInTheSeriesItBeganIn) {
  SampleCall sample;
  start(0, sample);
  change(sample.call.agent, nullptr);
  pass(30min);
  finish(0, sample);
  EXPECT_EQ(sum(Metric::kLlmRequests, "Support Bot"), 1);
  EXPECT_EQ(sum(Metric::kLlmRequestsInFlight, "Support Bot"), 0);
  pass(30min);
  EXPECT_EQ(llm_series("Support Bot"), 0u);
}

TEST_F(LabelSetsTest, AnAgentThatComesBackInTimeGoesOn) {
  SampleCall sample;
  run(0, sample);
  change(sample.call.agent, nullptr);
  pass(59min);
  sample.call.agent = std::make_shared<const model::Agent>(*sample.call.agent);
  run(0, sample);
  pass(2h);
  touch();
  EXPECT_EQ(sum(Metric::kLlmRequests, "Support Bot"), 2);
}

TEST_F(LabelSetsTest, AnAgentThatComesBackLaterBeginsAnew) {
  SampleCall sample;
  run(0, sample);
  run(1, sample);
  change(sample.call.agent, nullptr);
  pass(1h);
  EXPECT_EQ(llm_series("Support Bot"), 0u);
  run(0, sample);
  EXPECT_EQ(sum(Metric::kLlmRequests, "Support Bot"), 1);
  EXPECT_EQ(sum(Metric::kLabelSets), 1) << "on the other shard too there is only the new one to come";
}

/// A derived agent that says when it is destroyed tells when the blocks that hold it are.
TEST_F(LabelSetsTest, MemoryIsGivenBack) {
  for (const bool is_scraped : {true, false}) {
    auto agent = model::make_agent(base::Uuid{}, "Short-lived");
    const std::weak_ptr<const model::Agent> alive = agent;
    {
      SampleCall sample;
      sample.call.agent = std::exchange(agent, nullptr);
      run(0, sample);
      run(1, sample);
      if (is_scraped) EXPECT_EQ(sum(Metric::kLlmRequests, "Short-lived"), 2);
      change(sample.call.agent, nullptr);
    }
    pass(1h);
    EXPECT_FALSE(alive.expired());
    touch();
    if (is_scraped) EXPECT_EQ(llm_series("Short-lived"), 0u);
    EXPECT_TRUE(alive.expired()) << "blocks hold their agent; scraped: " << is_scraped;
  }
}

// ---- The budget

class SmallBudgetTest : public LabelSetsTest {
 protected:
  SmallBudgetTest() : LabelSetsTest(2) {}
  void run_model(std::size_t shard, std::string_view model) {
    SampleCall sample;
    sample.call.agent = agent_;
    sample.call.requested_model = model;
    run(shard, sample);
  }
  model::AgentRef agent_ = model::make_agent(base::Uuid{}, "A", {{"team", "data"}});
};

TEST_F(SmallBudgetTest, WhatComesBeyondItFolds) {
  for (const char* model : {"one", "two", "three", "four", "three"}) run_model(0, model);
  EXPECT_EQ(count(Metric::kLlmRequests), 3u);
  EXPECT_EQ(values_of(Metric::kLlmRequests)
                .at("provider=\"openai\",model=\"__overflow__\",agent_id=\"__overflow__\",agent_name=\""
                    "__overflow__\",outcome=\"completed\""),
            3)
      << "provider and outcome stay, the agent's labels go";
  EXPECT_EQ(sum(Metric::kFoldedCalls), 3);
  EXPECT_EQ(sum(Metric::kLlmRequests), 5);
  EXPECT_EQ(sum(Metric::kLlmTokens, "type=\"input\""), 500);
  EXPECT_EQ(sum(Metric::kLlmAccountingStarted, "agent_name=\"A\""), 5) << "the agent itself has its place";
}

TEST_F(SmallBudgetTest, ASetIsOneOnAllShardsAndOneThatFoldsFoldsOnAll) {
  run_model(0, "one");
  run_model(0, "two");
  run_model(0, "three");
  for (const char* model : {"one", "two", "three"}) run_model(1, model);
  EXPECT_EQ(sum(Metric::kLlmRequests, "model=\"one\""), 2);
  EXPECT_EQ(sum(Metric::kLlmRequests, "model=\"two\""), 2);
  EXPECT_EQ(sum(Metric::kLlmRequests, "__overflow__"), 2);
}

TEST_F(SmallBudgetTest, AgentsFoldWithAllTheirModels) {
  SampleCall sample;
  for (const char* name : {"A", "B", "C"}) {
    sample.call.agent = model::make_agent(
        *base::Uuid::parse("0f6dc1a8-3b2e-4c1d-9a7f-11223344556" + std::to_string(name[0] - 'A')), name);
    run(0, sample);
  }
  EXPECT_EQ(sum(Metric::kLlmAccountingStarted, "__overflow__"), 1);
  EXPECT_EQ(sum(Metric::kLlmAccountingFinalized, "__overflow__"), 1);
  EXPECT_EQ(sum(Metric::kLlmRequestsInFlight, "__overflow__"), 0);
  EXPECT_EQ(sum(Metric::kLlmRequests, "__overflow__"), 1);
  EXPECT_EQ(sum(Metric::kLlmRequests), 3);
}

TEST_F(SmallBudgetTest, WhatRetiresMakesRoom) {
  run_model(0, "one");
  run_model(1, "two");
  SampleCall other;
  other.call.agent = model::make_agent(*base::Uuid::parse("0f6dc1a8-3b2e-4c1d-9a7f-112233445566"), "B");
  run(0, other);
  EXPECT_EQ(sum(Metric::kLlmRequests, "__overflow__"), 1);
  start(0, other);  // and is in flight while there comes to be room
  change(agent_, nullptr);
  pass(1h);
  touch();
  run(0, other);
  EXPECT_EQ(sum(Metric::kLlmRequests, "agent_name=\"B\""), 1);
  finish(0, other);
  EXPECT_EQ(sum(Metric::kLlmRequests, "agent_name=\"B\""), 2);
  EXPECT_EQ(sum(Metric::kLlmRequests, "__overflow__"), 1) << "what was folded stays where it is";
}

TEST_F(SmallBudgetTest, WhereverACallIsCountedGaugesReturnToZero) {
  SampleCall sample;
  for (int i = 0; i < 2; ++i) {
    sample.call.agent = model::make_agent(
        *base::Uuid::parse("0f6dc1a8-3b2e-4c1d-9a7f-11223344556" + std::to_string(i)), "Before");
    run(0, sample);
    if (i == 0) agent_ = sample.call.agent;
  }
  SampleCall late;
  start(0, late);
  EXPECT_EQ(sum(Metric::kLlmRequestsInFlight, "__overflow__"), 1);
  change(agent_, nullptr);
  pass(1h);
  touch();
  start(0, late);
  EXPECT_EQ(sum(Metric::kLlmRequestsInFlight, "Support Bot"), 1) << "the second has a place";
  finish(0, late);
  finish(0, late);
  for (const auto& [labels, value] : values_of(Metric::kLlmRequestsInFlight)) EXPECT_EQ(value, 0) << labels;
  EXPECT_EQ(sum(Metric::kLlmAccountingStarted, "Support Bot"),
            sum(Metric::kLlmAccountingFinalized, "Support Bot"));
}

TEST_F(SmallBudgetTest, NewLabelsThatFindNoPlaceFold) {
  run_model(0, "one");
  run_model(0, "two");
  const model::AgentRef after = relabelled(agent_, "blue");
  change(agent_, after);
  agent_ = after;
  run_model(0, "one");
  EXPECT_EQ(sum(Metric::kLlmRequests, "team=\"data\""), 2);
  EXPECT_EQ(sum(Metric::kLlmRequests, "__overflow__"), 1);
  EXPECT_EQ(sum(Metric::kLlmAccountingFinalized, "team=\"blue\""), 1) << "the agent itself has its place";
}

TEST_F(LabelSetsTest, StatusCodesOfASetAreBounded) {
  SampleCall sample;
  for (int status = 100; status < 999; ++status) {
    sample.tries[0].status_code = status;
    sample.request.status_code = status;
    sample.call.requested_model = "";
    run(0, sample);
  }
  EXPECT_LE(count(Metric::kLlmRequestDuration), kStatusCodesMax + 1);
  EXPECT_EQ(sum(Metric::kLlmRequestDuration), 899);
  EXPECT_LE(count(Metric::kHttpRequestDuration), 501u);
  EXPECT_EQ(sum(Metric::kHttpRequestDuration, "status_code=\"other\""), 399);
}

// ---- Many

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * 4096;
}

// Nothing on the way of a folded call allocates, so after the budget is used up memory stands still; the
// margin is for what the allocator and a sanitizer do.
TEST_F(LabelSetsTest, AMillionModelsCostNoMoreThanTheBudget) {
  constexpr int kModels = 1'000'000;
  constexpr std::size_t kMarginBytes = std::size_t{32} << 20;
  SampleCall sample;
  std::size_t bytes = 0;
  std::array<char, 32> model{};
  for (int i = 0; i < kModels; ++i) {
    const int length = std::snprintf(model.data(), model.size(), "model-%d", i);
    sample.call.requested_model = {model.data(), static_cast<std::size_t>(length)};
    run(static_cast<std::size_t>(i) % 2, sample);
    if (i == kModels / 10) bytes = resident_bytes();
  }
  EXPECT_LT(resident_bytes(), bytes + kMarginBytes);
  EXPECT_EQ(sum(Metric::kLlmRequests), kModels);
  EXPECT_EQ(sum(Metric::kLlmTokens, "type=\"input\""), 100L * kModels);
  EXPECT_EQ(sum(Metric::kFoldedCalls), kModels - static_cast<int>(kLabelSetsDefault));
  EXPECT_EQ(count(Metric::kLlmRequests), kLabelSetsDefault + 1);

  const auto began = std::chrono::steady_clock::now();
  const std::string text = page_of(ExpositionFormat::kText, scrape_.collect());
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s) << "a sanitizer's build on a busy machine";
}

TEST_F(LabelSetsTest, AMillionAgentsCostNoMoreThanTheBudget) {
  constexpr int kAgents = 1'000'000;
  constexpr std::size_t kMarginBytes = std::size_t{32} << 20;
  SampleCall sample;
  std::size_t bytes = 0;
  model::Agent agent = *sample.call.agent;
  for (int i = 0; i < kAgents; ++i) {
    agent.labels[0].value = std::to_string(i);
    // Not shared: an object that lives for one call, at an address that is used again.
    const model::AgentRef ref =
        i < 5000 ? std::make_shared<const model::Agent>(agent) : model::AgentRef(model::AgentRef(), &agent);
    sample.call.agent = ref;
    run(static_cast<std::size_t>(i) % 2, sample);
    if (i == kAgents / 10) bytes = resident_bytes();
  }
  EXPECT_LT(resident_bytes(), bytes + kMarginBytes);
  EXPECT_EQ(sum(Metric::kLlmRequests), kAgents);
  EXPECT_EQ(sum(Metric::kLlmAccountingStarted), kAgents);
  EXPECT_EQ(count(Metric::kLlmRequests), kLabelSetsDefault + 1);
  EXPECT_EQ(count(Metric::kLlmAccountingStarted), kLabelSetsDefault + 1);
  EXPECT_EQ(sum(Metric::kLlmRequestsInFlight), 0);
}

// ---- Threads

// Two shards that make, relabel and delete agents, against a scrape: in a small budget, so that sets fold,
// and with a time that passes, so that they retire, all the time. What an agent has never falls while it is
// shown, and at the end everything has been given back.
TEST_F(SmallBudgetTest, ShardsAndScrapeTogether) {
  constexpr int kRounds = 3000;
  std::atomic<int> running{2};
  std::array<std::thread, 2> threads;
  for (std::size_t shard = 0; shard < 2; ++shard) {
    threads[shard] = std::thread([&, shard] {
      SampleCall lasting;
      lasting.call.agent = model::make_agent(base::Uuid{}, "Lasting");
      for (int round = 0; round < kRounds; ++round) {
        run(shard, lasting);
        SampleCall sample;
        base::Uuid id;
        id.bytes[0] = static_cast<std::uint8_t>(1 + round % 3);
        sample.call.agent = model::make_agent(id, "Passing");
        run(shard, sample);
        start(shard, sample);
        const model::AgentRef after = relabelled(sample.call.agent, "blue");
        shards_[shard].on_agent_changed(sample.call.agent, after);
        shards_[shard].on_agent_changed(after, nullptr);
        pass(30min);
        finish(shard, sample);
      }
      --running;
    });
  }
  std::int64_t lasting = 0;
  while (running > 0) {
    const Snapshot families = scrape_.collect();
    const std::int64_t now = sum_of(values_in(families, Metric::kLlmAccountingStarted), "Lasting");
    EXPECT_GE(now, lasting);
    EXPECT_LE(sum_of(values_in(families, Metric::kLlmAccountingFinalized)),
              sum_of(values_in(families, Metric::kLlmRequests)));
    lasting = now;
  }
  for (std::thread& thread : threads) thread.join();
  pass(2h);
  touch();
  EXPECT_EQ(llm_series("Passing"), 0u);
  EXPECT_LE(sum(Metric::kLabelSets), 1);
  for (const auto& [labels, value] : values_of(Metric::kLlmRequestsInFlight)) EXPECT_EQ(value, 0) << labels;
}

}  // namespace
}  // namespace archestra::telemetry
