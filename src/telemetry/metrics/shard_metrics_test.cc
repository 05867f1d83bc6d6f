#include "telemetry/metrics/shard_metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <variant>

#include "telemetry/metrics/test_scrape.h"
#include "telemetry/test_records.h"

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

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
  EXPECT_EQ(value_of(Metric::kHttpRequestSummary, "status_code=\"200\""), 1);
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

TEST_F(ShardMetricsTest, BlockedToolCallsAreCountedUnderBothNames) {
  SampleCall sample;
  run(sample);
  EXPECT_EQ(value_of(Metric::kLlmBlockedTool, "gpt-4o"), 0);
  sample.call.blocked_tool_calls = 2;
  run(sample);
  run(sample);
  EXPECT_EQ(value_of(Metric::kLlmBlockedTool, "gpt-4o"), 4);
  EXPECT_EQ(value_of(Metric::kLlmBlockedTools, "gpt-4o"), 4);
}

TEST_F(ShardMetricsTest, AStreamLeavesItsPace) {
  SampleCall sample;
  sample.call.usage.cache_write_tokens = 16;
  run(sample);
  run(sample);
  EXPECT_EQ(value_of(Metric::kLlmTimeToFirstByte, "gpt-4o"), 2);
  EXPECT_EQ(value_of(Metric::kLlmInterToken, "gpt-4o"), 6);
  EXPECT_EQ(value_of(Metric::kLlmStreamStalls, "gpt-4o"), 2);
  EXPECT_EQ(value_of(Metric::kLlmTokensPerSecond, "gpt-4o"), 2);
  EXPECT_EQ(value_of(Metric::kLlmGateway, "gpt-4o"), 2);
  EXPECT_EQ(value_of(Metric::kLlmCacheTokens, "cache_type=\"read\""), 128);
  EXPECT_EQ(value_of(Metric::kLlmCacheTokens, "cache_type=\"write\""), 32);
  EXPECT_EQ(value_of(Metric::kLlmReasoningTokens, "gpt-4o"), 16);
  EXPECT_EQ(value_of(Metric::kLlmUsage, "provenance=\"provider\""), 2);
  EXPECT_TRUE(values_of(Metric::kLlmUndeliveredTokens).empty());

  const std::string text = page_of(ExpositionFormat::kText, scrape_.collect());
  const auto shows = [&](std::string_view name, std::string_view end) {
    const std::size_t at = text.find("\n" + std::string(name) + "{");
    return at != std::string::npos && text.substr(text.find('}', at) + 2).starts_with(end);
  };
  // 40 tokens in 2.55 s between the first and the last, twice.
  EXPECT_TRUE(shows("llm_tokens_per_second_sum", "31.37")) << text;
  EXPECT_NE(text.find("le=\"10.0\"} 0\nllm_tokens_per_second"), std::string::npos);
  EXPECT_NE(text.find("le=\"20.0\"} 2\nllm_tokens_per_second"), std::string::npos);
  EXPECT_TRUE(shows("llm_inter_token_seconds_sum", "5.1\n")) << text;
  EXPECT_TRUE(shows("llm_gateway_seconds_sum", "0.003\n")) << text;
  EXPECT_TRUE(shows("llm_time_to_first_byte_seconds_sum", "0.402\n")) << text;
}

TEST_F(ShardMetricsTest, ARateNeedsATimeAndTheProvidersWord) {
  SampleCall sample;
  sample.call.usage.provenance = call::Provenance::kEstimate;
  sample.call.undelivered_tokens = 7;
  run(sample);
  EXPECT_TRUE(values_of(Metric::kLlmTokensPerSecond).empty());
  EXPECT_TRUE(values_of(Metric::kLlmCacheTokens).empty()) << "they are a part of llm_tokens_total";
  EXPECT_TRUE(values_of(Metric::kLlmReasoningTokens).empty());
  EXPECT_EQ(value_of(Metric::kLlmUsage, "provenance=\"estimate\""), 1);
  EXPECT_EQ(value_of(Metric::kLlmUndeliveredTokens, "gpt-4o"), 7);

  sample.call.usage.provenance = call::Provenance::kProvider;
  sample.tries[0].gaps = {};
  sample.tries[0].gaps.add(0ns);  // all of it came in one read
  run(sample);
  EXPECT_TRUE(values_of(Metric::kLlmTokensPerSecond).empty());
  EXPECT_EQ(value_of(Metric::kLlmInterToken, "gpt-4o"), 4);

  sample.tries[0].gaps = {};  // one event, or no stream
  run(sample);
  EXPECT_TRUE(values_of(Metric::kLlmTokensPerSecond).empty());
  EXPECT_EQ(value_of(Metric::kLlmInterToken, "gpt-4o"), 4);

  sample.tries[0].gaps.add(1ns);  // a rate that no model has
  run(sample);
  const std::string text = page_of(ExpositionFormat::kText, scrape_.collect());
  EXPECT_NE(text.find("} 1e+06\nllm_tokens_per_second_count"), std::string::npos) << text;
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
  EXPECT_EQ(value_of(Metric::kLlmUsage, "provenance=\"unknown\""), 1);
  EXPECT_EQ(value_of(Metric::kLlmGateway, "agent_id=\"unknown\""), 1);
  EXPECT_TRUE(values_of(Metric::kLlmTimeToFirstByte).empty());
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
  shard_.on_ring_full({.spans = 3, .log_lines = 1, .calls = 2});
  EXPECT_EQ(value_of(Metric::kTelemetryDropped, "signal=\"traces\",reason=\"ring_full\""), 3);
  EXPECT_EQ(value_of(Metric::kTelemetryDropped, "signal=\"logs\",reason=\"ring_full\""), 1);
  EXPECT_EQ(value_of(Metric::kTelemetryDropped, "signal=\"history\",reason=\"ring_full\""), 2);
}

// A family is native as a whole, on all shards.
TEST(NativeHistogramsOfShards, AreThereWhereAskedFor) {
  for (const NativeHistograms native : {NativeHistograms::kNo, NativeHistograms::kYes}) {
    LabelBudgets budgets;
    ShardMetrics one(budgets, {}, native);
    ShardMetrics other(budgets, {}, native);
    const SampleCall sample;
    for (ShardMetrics* const shard : {&one, &other}) {
      shard->on_call_started(sample.call.route, sample.call.agent);
      shard->on_request_finished(sample.request);
    }
    Scrape scrape({&one.series(), &other.series()}, "1");
    const Snapshot snapshot = scrape.collect();
    for (const FamilySnapshot& family : snapshot.families) {
      const bool is_native = native == NativeHistograms::kYes &&
                             family.family->type == MetricType::kHistogram &&
                             (family.family->name.starts_with("llm_") ||
                              family.family->metric == Metric::kHttpRequestDuration) &&
                             family.family->metric != Metric::kLlmInterToken;
      for (const Sample& of : family.samples) {
        ASSERT_EQ(of.details != nullptr && of.details->native, is_native) << family.family->name;
        if (is_native) EXPECT_EQ(of.details->native->count(), 2u) << family.family->name;
      }
    }
  }
}

// What Prometheus calls an error where it is not so.
TEST(NativeHistogramsOfShards, HaveNoFewerThanTheBucketsWhileAShardWrites) {
  LabelBudgets budgets;
  ShardMetrics shard(budgets, {}, NativeHistograms::kYes);
  Scrape scrape({&shard.series()}, "1");
  std::atomic<bool> is_over{false};
  std::thread writer([&] {
    call::RequestRecord request = sample_health();
    for (int i = 0; i < 20'000; ++i) {
      request.duration = base::Duration(1000 * i);
      shard.on_request_finished(request);
    }
    is_over = true;
  });
  while (!is_over) {
    const Snapshot snapshot = scrape.collect();
    for (const Sample& sample : snapshot[Metric::kHttpRequestDuration].samples) {
      std::uint64_t classic = 0;
      for (const std::uint64_t bucket : std::get<HistogramFigures>(sample.value).buckets()) classic += bucket;
      ASSERT_GE(sample.details->native->count(), classic);
    }
  }
  writer.join();
}

}  // namespace
}  // namespace archestra::telemetry
