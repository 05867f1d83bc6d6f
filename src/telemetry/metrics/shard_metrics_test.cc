#include "telemetry/metrics/shard_metrics.h"

#include <gtest/gtest.h>

#include <string>

#include "telemetry/metrics/test_scrape.h"
#include "telemetry/test_records.h"

namespace archestra::telemetry {
namespace {

class ShardMetricsTest : public testing::Test {
 protected:
  Values values_of(Metric metric) { return values_in(scrape_.collect(), metric); }
  /// Of the one series whose label text contains `part`; 0 where there is none.
  std::int64_t value_of(Metric metric, std::string_view part) {
    std::int64_t value = 0;
    int found = 0;
    for (const auto& [text, number] : values_of(metric)) {
      if (text.find(part) == std::string::npos) continue;
      value = number;
      ++found;
    }
    EXPECT_LE(found, 1) << part;
    return value;
  }
  void run(const SampleCall& sample) {
    shard_.on_call_started(sample.call.route, sample.call.agent);
    shard_.on_request_finished(sample.request);
  }

  LabelBudgets budgets_;
  ShardMetrics shard_{budgets_};
  Scrape scrape_{{&shard_.series()}, "1"};
};

TEST_F(ShardMetricsTest, ACompletedCallCountsOnceEverywhere) {
  run(SampleCall());
  EXPECT_EQ(values_of(Metric::kHttpRequestDuration).size(), 1u);
  EXPECT_EQ(value_of(Metric::kLlmRequestDuration, "status_code=\"200\""), 1);
  EXPECT_EQ(value_of(Metric::kLlmRequests, "outcome=\"completed\""), 1);
  EXPECT_EQ(values_of(Metric::kLlmRequests).size(), 1u);
  EXPECT_EQ(value_of(Metric::kLlmTokens, "type=\"input\""), 100);
  EXPECT_EQ(value_of(Metric::kLlmTokens, "type=\"output\""), 40);
  EXPECT_TRUE(values_of(Metric::kLlmEstimatedTokens).empty());
  EXPECT_EQ(value_of(Metric::kLlmTimeToFirstToken, "gpt-4o"), 1);
  EXPECT_EQ(value_of(Metric::kLlmRequestsInFlight, "openai"), 0);
  EXPECT_EQ(value_of(Metric::kLlmAccountingStarted, "openai"), 1);
  EXPECT_EQ(value_of(Metric::kLlmAccountingFinalized, "outcome=\"completed\""), 1);
}

TEST_F(ShardMetricsTest, ACallIsInFlightUntilItsRecord) {
  const SampleCall sample;
  shard_.on_call_started(sample.call.route, sample.call.agent);
  EXPECT_EQ(value_of(Metric::kLlmRequestsInFlight, "openai"), 1);
  EXPECT_EQ(value_of(Metric::kLlmAccountingStarted, "openai"), 1);
  EXPECT_EQ(value_of(Metric::kLlmAccountingFinalized, "outcome=\"completed\""), 0);
  shard_.on_request_finished(sample.request);
  EXPECT_EQ(value_of(Metric::kLlmRequestsInFlight, "openai"), 0);
}

TEST_F(ShardMetricsTest, EachTryIsObservedTheCallOnce) {
  SampleCall sample;
  std::array<call::TryRecord, 3> tries;
  tries.fill(sample.tries[0]);
  tries[0].status_code = 503;
  tries[1].status_code = 0;
  tries[0].time_to_first_token = tries[1].time_to_first_token = std::nullopt;
  sample.call.tries = tries;
  run(sample);
  for (const char* status : {"503", "0", "200"})
    EXPECT_EQ(value_of(Metric::kLlmRequestDuration, "status_code=\"" + std::string(status) + "\""), 1)
        << status;
  EXPECT_EQ(value_of(Metric::kLlmRequests, "gpt-4o"), 1);
  EXPECT_EQ(value_of(Metric::kLlmTimeToFirstToken, "gpt-4o"), 1);
}

TEST_F(ShardMetricsTest, AModelTheProviderRefusedIsNoLabel) {
  SampleCall sample;
  sample.call.requested_model = "made-up";
  for (const int status : {0, 199, 400, 404}) {
    sample.tries[0].status_code = status;
    EXPECT_EQ(model_label(sample.call), "unknown") << status;
  }
  for (const int status : {200, 204, 302, 399}) {
    sample.tries[0].status_code = status;
    EXPECT_EQ(model_label(sample.call), "made-up") << status;
  }
  sample.call.requested_model = "";
  EXPECT_EQ(model_label(sample.call), "unknown");
}

TEST_F(ShardMetricsTest, AModelNameIsCutAtItsLimit) {
  SampleCall sample;
  const std::string huge = std::string(255, 'm') + "\xc3\xa9" + std::string(100'000, 'x');
  sample.call.requested_model = huge;
  EXPECT_EQ(model_label(sample.call), std::string(255, 'm'));
  run(sample);
  run(sample);
  EXPECT_EQ(value_of(Metric::kLlmRequests, std::string(255, 'm') + "\""), 2);
}

TEST_F(ShardMetricsTest, ARefusedCallHasNoTryAndPerhapsNoAgent) {
  SampleCall sample;
  sample.call.agent = nullptr;
  sample.call.tries = {};
  sample.call.usage = {};
  sample.call.outcome = call::Outcome::kRefusedAuth;
  sample.request.status_code = 401;
  run(sample);
  EXPECT_TRUE(values_of(Metric::kLlmRequestDuration).empty());
  EXPECT_EQ(value_of(Metric::kLlmRequests,
                     "provider=\"openai\",model=\"unknown\",agent_id=\"unknown\","
                     "agent_name=\"unknown\",outcome=\"refused_auth\""),
            1);
  EXPECT_EQ(value_of(Metric::kLlmRequestsInFlight, "agent_id=\"unknown\""), 0);
}

TEST_F(ShardMetricsTest, EstimatesStayOutOfTheTokenCount) {
  SampleCall sample;
  sample.call.usage.provenance = call::Provenance::kEstimate;
  run(sample);
  EXPECT_EQ(value_of(Metric::kLlmTokens, "type=\"input\""), 0);
  EXPECT_EQ(value_of(Metric::kLlmEstimatedTokens, "type=\"input\""), 100);
  EXPECT_EQ(value_of(Metric::kLlmEstimatedTokens, "type=\"output\""), 40);
}

TEST_F(ShardMetricsTest, AgentsAndModelsHaveSeriesOfTheirOwn) {
  SampleCall sample;
  run(sample);
  sample.call.agent = model::make_agent(base::Uuid{}, "Other");
  run(sample);
  sample.call.requested_model = "gpt-5";
  run(sample);
  EXPECT_EQ(values_of(Metric::kLlmRequests).size(), 3u);
  EXPECT_EQ(values_of(Metric::kLlmAccountingStarted).size(), 2u);
  EXPECT_EQ(value_of(Metric::kLlmAccountingStarted, "Other"), 2);
}

TEST_F(ShardMetricsTest, CountsWhatAFullRingCost) {
  EXPECT_EQ(value_of(Metric::kTelemetryDropped, "signal=\"traces\",reason=\"ring_full\""), 0);
  shard_.on_ring_full(3, 1);
  EXPECT_EQ(value_of(Metric::kTelemetryDropped, "signal=\"traces\",reason=\"ring_full\""), 3);
  EXPECT_EQ(value_of(Metric::kTelemetryDropped, "signal=\"logs\",reason=\"ring_full\""), 1);
}

}  // namespace
}  // namespace archestra::telemetry
