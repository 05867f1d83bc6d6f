#include "telemetry/metrics/scrape.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <thread>

#include "telemetry/metrics/shard_metrics.h"
#include "telemetry/metrics/test_scrape.h"
#include "telemetry/test_records.h"

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

std::uint64_t sum_in(const Snapshot& snapshot, Metric metric) {
  std::uint64_t sum = 0;
  for (const Sample& sample : snapshot[metric].samples) sum += std::get<std::uint64_t>(sample.value);
  return sum;
}

std::uint64_t observations_in(const Snapshot& snapshot, Metric metric) {
  std::uint64_t count = 0;
  for (const Sample& sample : snapshot[metric].samples)
    for (const std::uint64_t bucket : std::get<HistogramFigures>(sample.value).buckets()) count += bucket;
  return count;
}

/// The text of the families whose names start with `prefix`.
std::string text_of(Scrape& scrape, std::string_view prefix) {
  Snapshot snapshot = scrape.collect();
  std::erase_if(snapshot.families,
                [&](const FamilySnapshot& f) { return !f.family->name.starts_with(prefix); });
  return page_of(ExpositionFormat::kText, std::move(snapshot));
}

TEST(Exposition, OfHttpRequestsOverTwoShards) {
  LabelBudgets budgets;
  ShardMetrics one(budgets);
  ShardMetrics other(budgets);
  Scrape scrape({&one.series(), &other.series()}, "1.2.3");
  call::RequestRecord request = sample_health();
  request.duration = 5ms;
  one.on_request_finished(request);
  request.duration = 5ms + 1ns;
  other.on_request_finished(request);
  request.status_code = 503;
  request.duration = 20s;
  other.on_request_finished(request);

  EXPECT_EQ(
      text_of(scrape, "http_request_duration"),
      R"(# HELP http_request_duration_seconds Duration of requests on the API port, from the first byte of the request head to the last byte of the answer. Status code 499 means that the client left first.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="0.005"} 1
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="0.01"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="0.025"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="0.05"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="0.1"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="0.25"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="0.5"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="1.0"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="2.5"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="5.0"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="10.0"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="200",le="+Inf"} 2
http_request_duration_seconds_sum{method="GET",route="/health",status_code="200"} 0.010000001
http_request_duration_seconds_count{method="GET",route="/health",status_code="200"} 2
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="0.005"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="0.01"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="0.025"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="0.05"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="0.1"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="0.25"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="0.5"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="1.0"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="2.5"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="5.0"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="10.0"} 0
http_request_duration_seconds_bucket{method="GET",route="/health",status_code="503",le="+Inf"} 1
http_request_duration_seconds_sum{method="GET",route="/health",status_code="503"} 20
http_request_duration_seconds_count{method="GET",route="/health",status_code="503"} 1
)");
}

base::MonotonicTime g_now;
base::MonotonicTime fake_now() { return g_now; }

TEST(Exposition, OfASummaryOverTwoShards) {
  g_now = base::MonotonicTime(1h);
  LabelBudgets budgets;
  const ShardMetrics::Retirement retirement{1h, fake_now};
  ShardMetrics one(budgets, retirement);
  ShardMetrics other(budgets, retirement);
  Scrape scrape({&one.series(), &other.series()}, "1", fake_now);
  call::RequestRecord request = sample_health();
  for (int i = 0; i < 60; ++i) {
    request.duration = 10ms;
    one.on_request_finished(request);
  }
  for (int i = 0; i < 40; ++i) {
    request.duration = 2s;
    other.on_request_finished(request);
  }
  const Snapshot families = scrape.collect();
  const auto& samples = families[Metric::kHttpRequestSummary].samples;
  ASSERT_EQ(samples.size(), 1u);
  const SummaryValue& value = *std::get<const SummaryValue*>(samples[0].value);
  EXPECT_EQ(value.count, 100u);
  for (const std::size_t i : {0u, 1u, 2u}) EXPECT_NEAR(value.quantiles[i], 0.01, 0.0001);
  for (const std::size_t i : {3u, 4u, 5u, 6u}) EXPECT_NEAR(value.quantiles[i], 2, 0.02);

  g_now += 10min;  // nobody writes any more
  EXPECT_EQ(
      text_of(scrape, "http_request_summary"),
      R"(# HELP http_request_summary_seconds Quantiles of http_request_duration_seconds over the last 8 to 10 minutes, at most 1 % off; NaN where there was no request. Sum and count are of all the time.
# TYPE http_request_summary_seconds summary
http_request_summary_seconds{method="GET",route="/health",status_code="200",quantile="0.01"} NaN
http_request_summary_seconds{method="GET",route="/health",status_code="200",quantile="0.05"} NaN
http_request_summary_seconds{method="GET",route="/health",status_code="200",quantile="0.5"} NaN
http_request_summary_seconds{method="GET",route="/health",status_code="200",quantile="0.9"} NaN
http_request_summary_seconds{method="GET",route="/health",status_code="200",quantile="0.95"} NaN
http_request_summary_seconds{method="GET",route="/health",status_code="200",quantile="0.99"} NaN
http_request_summary_seconds{method="GET",route="/health",status_code="200",quantile="0.999"} NaN
http_request_summary_seconds_sum{method="GET",route="/health",status_code="200"} 80.6
http_request_summary_seconds_count{method="GET",route="/health",status_code="200"} 100
)");
}

TEST(Exposition, OfCountersAndGauges) {
  LabelBudgets budgets;
  ShardMetrics shard(budgets);
  Scrape scrape({&shard.series()}, "1.2.3");
  const SampleCall sample;
  shard.on_call_started(sample.call.route, sample.call.agent);
  shard.on_call_started(sample.call.route, sample.call.agent);
  shard.on_request_finished(sample.request);

  EXPECT_EQ(
      text_of(scrape, "llm_tokens_total"),
      "# HELP llm_tokens_total Tokens as the provider reported them: input includes cached tokens, output "
      "includes reasoning.\n"
      "# TYPE llm_tokens_total counter\n"
      "llm_tokens_total{provider=\"openai\",model=\"gpt-4o\",agent_id=\"0f6dc1a8-3b2e-4c1d-9a7f-"
      "112233445566\","
      "agent_name=\"Support Bot\",type=\"input\",cost_center=\"42\",team=\"data\"} 100\n"
      "llm_tokens_total{provider=\"openai\",model=\"gpt-4o\",agent_id=\"0f6dc1a8-3b2e-4c1d-9a7f-"
      "112233445566\","
      "agent_name=\"Support Bot\",type=\"output\",cost_center=\"42\",team=\"data\"} 40\n");
  EXPECT_EQ(text_of(scrape, "llm_requests_in_flight"),
            "# HELP llm_requests_in_flight LLM calls that are under way.\n"
            "# TYPE llm_requests_in_flight gauge\n"
            "llm_requests_in_flight{provider=\"openai\",agent_id=\"0f6dc1a8-3b2e-4c1d-9a7f-112233445566\","
            "agent_name=\"Support Bot\",cost_center=\"42\",team=\"data\"} 1\n");
  EXPECT_EQ(text_of(scrape, "archestra_build_info"),
            "# HELP archestra_build_info The version that is running; always 1.\n"
            "# TYPE archestra_build_info gauge\n"
            "archestra_build_info{version=\"1.2.3\"} 1\n");
}

TEST(Exposition, ShowsEveryFamilyBeforeItsFirstSample) {
  Scrape scrape({}, "1");
  const std::string text = text_of(scrape, "");
  for (const Family& family : catalogue()) {
    EXPECT_NE(text.find("# HELP " + std::string(family.name) + " "), std::string::npos) << family.name;
    EXPECT_NE(
        text.find("# TYPE " + std::string(family.name) + " " + std::string(name_of(family.type)) + "\n"),
        std::string::npos)
        << family.name;
  }
}

TEST(Exposition, EscapesLabels) {
  LabelBudgets budgets;
  ShardMetrics shard(budgets);
  Scrape scrape({&shard.series()}, "1");
  SampleCall sample;
  sample.call.requested_model = "a\"b\\c\nd\xff";
  shard.on_call_started(sample.call.route, sample.call.agent);
  shard.on_request_finished(sample.request);
  EXPECT_NE(text_of(scrape, "llm_tokens_total").find("model=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\""),
            std::string::npos);
}

TEST(Scrape, TellsHowManySeriesAMetricHas) {
  LabelBudgets budgets;
  ShardMetrics shard(budgets);
  Scrape scrape({&shard.series()}, "1");
  shard.on_request_finished(sample_health());
  const Snapshot families = scrape.collect();
  std::map<std::string, std::int64_t> counts;
  for (const Sample& sample : families[Metric::kTelemetrySeries].samples)
    counts[sample.first->text] = std::get<std::int64_t>(sample.value);
  ASSERT_EQ(counts.size(), kMetricCount);
  for (const FamilySnapshot& snapshot : families.families)
    EXPECT_EQ(counts["metric=\"" + std::string(snapshot.family->name) + "\""],
              static_cast<std::int64_t>(snapshot.samples.size()))
        << snapshot.family->name;
  EXPECT_EQ(counts["metric=\"http_request_duration_seconds\""], 1);
}

TEST(Scrape, SeesSeriesThatCameSinceTheLastOne) {
  LabelBudgets budgets;
  ShardMetrics shard(budgets);
  Scrape scrape({&shard.series()}, "1");
  const auto samples = [&] { return scrape.collect()[Metric::kHttpRequestDuration].samples.size(); };
  EXPECT_EQ(samples(), 0u);
  call::RequestRecord request = sample_health();
  shard.on_request_finished(request);
  EXPECT_EQ(samples(), 1u);
  EXPECT_EQ(samples(), 1u);
  request.status_code = 404;
  shard.on_request_finished(request);
  request.status_code = 405;
  shard.on_request_finished(request);
  EXPECT_EQ(samples(), 3u);
}

TEST(Scrape, AChangedAgentWithTheSameLabelsGoesOnInTheSameSeries) {
  LabelBudgets budgets;
  ShardMetrics shard(budgets);
  Scrape scrape({&shard.series()}, "1");
  SampleCall sample;
  shard.on_call_started(sample.call.route, sample.call.agent);
  shard.on_request_finished(sample.request);
  sample.call.agent = std::make_shared<const model::Agent>(*sample.call.agent);
  shard.on_call_started(sample.call.route, sample.call.agent);
  shard.on_request_finished(sample.request);
  const Snapshot families = scrape.collect();
  ASSERT_EQ(families[Metric::kLlmRequests].samples.size(), 1u);
  EXPECT_EQ(std::get<std::uint64_t>(families[Metric::kLlmRequests].samples[0].value), 2u);
}

// Two writers and a reader at once: every intermediate total is one that can have been, the last exact.
TEST(Scrape, AddsUpWhileShardsWrite) {
  constexpr std::uint64_t kCalls = 20'000;
  LabelBudgets budgets;
  std::array<ShardMetrics, 2> shards{ShardMetrics(budgets), ShardMetrics(budgets)};
  Scrape scrape({&shards[0].series(), &shards[1].series()}, "1");
  std::atomic<int> running{2};
  std::array<std::thread, 2> threads;
  for (std::size_t i = 0; i < 2; ++i) {
    threads[i] = std::thread([&, i] {
      SampleCall sample;
      for (std::uint64_t n = 0; n < kCalls; ++n) {
        sample.tries[0].status_code = n % 1000 == 0 ? static_cast<int>(200 + n / 1000) : 200;
        shards[i].on_call_started(sample.call.route, sample.call.agent);
        shards[i].on_request_finished(sample.request);
      }
      --running;
    });
  }

  std::uint64_t last = 0;
  const auto check = [&] {
    Snapshot families = scrape.collect();
    const std::uint64_t count = observations_in(families, Metric::kLlmRequestDuration);
    EXPECT_GE(count, last);
    // What one family counts, those before it count too.
    const std::uint64_t closed = sum_in(families, Metric::kLlmAccountingFinalized);
    const std::uint64_t ended = sum_in(families, Metric::kLlmRequests);
    const std::uint64_t with_provenance = sum_in(families, Metric::kLlmUsage);
    const std::uint64_t timed = observations_in(families, Metric::kLlmGateway);
    const std::uint64_t first_tokens = observations_in(families, Metric::kLlmTimeToFirstToken);
    EXPECT_LE(closed, with_provenance);
    EXPECT_LE(with_provenance, timed);
    EXPECT_LE(timed, first_tokens);
    EXPECT_LE(first_tokens, ended);
    EXPECT_LE(ended * 140, sum_in(families, Metric::kLlmTokens));
    EXPECT_LE(ended, count);
    EXPECT_LE(closed, sum_in(families, Metric::kLlmAccountingStarted));
    EXPECT_LE(count, 2 * kCalls);
    last = count;
    return families;
  };
  while (running > 0) check();
  for (std::thread& thread : threads) thread.join();
  const Snapshot families = check();
  EXPECT_EQ(last, 2 * kCalls);
  const FamilySnapshot& tokens = families[Metric::kLlmTokens];
  ASSERT_EQ(tokens.samples.size(), 2u);
  EXPECT_EQ(std::get<std::uint64_t>(tokens.samples[0].value), 2 * kCalls * 100);
  EXPECT_EQ(std::get<std::uint64_t>(tokens.samples[1].value), 2 * kCalls * 40);
  EXPECT_EQ(std::get<std::int64_t>(families[Metric::kLlmRequestsInFlight].samples[0].value), 0);
}

}  // namespace
}  // namespace archestra::telemetry
