#include "telemetry/otlp/metric_encoder.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "telemetry/metrics/labels.h"
#include "telemetry/metrics/shard_metrics.h"
#include "telemetry/otlp/ids.h"
#include "telemetry/otlp/test_attributes.h"
#include "telemetry/test_records.h"
#include "telemetry/test_wire.h"

namespace archestra::telemetry::otlp {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr std::uint64_t kSecond = 1'000'000'000;
const MetricTimes kTimes{.started_at = base::WallTime(1'700'000'000s), .now = base::WallTime(1'700'000'060s)};

struct Portions final : MetricPortions {
  void take(std::string_view metrics, std::size_t count) override {
    bytes.emplace_back(metrics);
    points.push_back(count);
  }
  std::vector<std::string> bytes;
  std::vector<std::size_t> points;
};

std::uint32_t data_field_of(const WireMessage& metric) {
  for (const std::uint32_t field : {5u, 7u, 9u, 11u})
    if (metric.has(field)) return field;
  return 0;
}

double real(const WireMessage& message, std::uint32_t field) {
  return std::bit_cast<double>(message.scalar(field));
}

std::vector<std::uint64_t> packed(std::string_view bytes) {
  std::vector<std::uint64_t> values(bytes.size() / 8);
  std::memcpy(values.data(), bytes.data(), values.size() * 8);
  return values;
}

class MetricEncoderTest : public testing::Test {
 protected:
  FamilySnapshot snapshot(const Family& family, std::vector<SampleValue> values) {
    FamilySnapshot found{.family = &family, .samples = {}};
    for (const SampleValue& value : values)
      found.samples.push_back({.first = &first_, .last = &none_, .agent = &agent_, .value = value});
    return found;
  }
  /// The only metric of a family.
  WireMessage encode(const Family& family, const SampleValue& value, const SampleDetails* details = nullptr) {
    FamilySnapshot families[] = {snapshot(family, {value})};
    families[0].samples[0].details = details;
    encode_metrics(families, kTimes, portions_);
    EXPECT_EQ(portions_.points, std::vector<std::size_t>{1});
    return WireMessage(portions_.bytes.at(0)).message(2);
  }

  const LabelPart first_ = label_part({{"provider", "openai"}, {"model", "a\"b"}});
  const LabelPart agent_ = label_part({{"team", "data"}});
  const LabelPart none_;
  Portions portions_;
};

const Family kCounter{.metric = Metric::kLlmTokens,
                      .name = "a_total",
                      .type = MetricType::kCounter,
                      .unit = "",
                      .help = "What.",
                      .labels = {}};
constexpr base::Duration kBounds[] = {100ms, 1s};
const Family kHistogram{.metric = Metric::kLlmRequestDuration,
                        .name = "a_seconds",
                        .type = MetricType::kHistogram,
                        .unit = "seconds",
                        .help = "",
                        .labels = {},
                        .bounds = kBounds};
constexpr std::array<std::uint64_t, 4> kBucketsAndSum{1, 0, 2, 4'500'000'000};

const Attributes kLabels{{"provider", "\"openai\""}, {"model", "\"a\"b\""}, {"team", "\"data\""}};

TEST_F(MetricEncoderTest, CountersAreMonotonicSums) {
  const WireMessage metric = encode(kCounter, std::uint64_t{7});
  EXPECT_EQ(metric.bytes(1), "a_total");
  EXPECT_EQ(metric.bytes(2), "What.");
  EXPECT_FALSE(metric.has(3));
  const WireMessage sum = metric.message(7);
  EXPECT_EQ(sum.scalar(2), 2u) << "cumulative";
  EXPECT_EQ(sum.scalar(3), 1u);
  const WireMessage point = sum.message(1);
  EXPECT_EQ(point.scalar(2), 1'700'000'000 * kSecond);
  EXPECT_EQ(point.scalar(3), 1'700'000'060 * kSecond);
  EXPECT_EQ(point.scalar(6), 7u);
  EXPECT_EQ(attributes_of(point, 7), kLabels);
}

TEST_F(MetricEncoderTest, GaugesMayBeNegative) {
  const Family family{.metric = Metric::kProcessHeap,
                      .name = "a_bytes",
                      .type = MetricType::kGauge,
                      .unit = "bytes",
                      .help = "",
                      .labels = {}};
  const WireMessage metric = encode(family, std::int64_t{-3});
  EXPECT_EQ(metric.bytes(3), "By");
  const WireMessage point = metric.message(5).message(1);
  EXPECT_FALSE(metric.message(5).has(2));
  EXPECT_FALSE(point.has(2)) << "no sum since the start";
  EXPECT_EQ(static_cast<std::int64_t>(point.scalar(6)), -3);
}

TEST_F(MetricEncoderTest, FractionsAreDoubles) {
  const Family family{.metric = Metric::kProcessCpu,
                      .name = "a_seconds_total",
                      .type = MetricType::kCounter,
                      .unit = "seconds",
                      .help = "",
                      .labels = {}};
  const WireMessage metric = encode(family, 0.25);
  EXPECT_EQ(metric.bytes(3), "s");
  EXPECT_EQ(real(metric.message(7).message(1), 4), 0.25);
}

TEST_F(MetricEncoderTest, HistogramsHaveTheCountOfEachBucket) {
  const WireMessage histogram = encode(kHistogram, HistogramFigures{kBucketsAndSum}).message(9);
  EXPECT_EQ(histogram.scalar(2), 2u);
  const WireMessage point = histogram.message(1);
  EXPECT_EQ(point.scalar(2), 1'700'000'000 * kSecond);
  EXPECT_EQ(point.scalar(4), 3u);
  EXPECT_EQ(real(point, 5), 4.5);
  EXPECT_EQ(packed(point.bytes(6)), (std::vector<std::uint64_t>{1, 0, 2}));
  EXPECT_EQ(packed(point.bytes(7)), (std::vector<std::uint64_t>{std::bit_cast<std::uint64_t>(0.1),
                                                                std::bit_cast<std::uint64_t>(1.0)}));
  EXPECT_EQ(attributes_of(point, 9), kLabels);
}

constexpr ExemplarSpan kSpan{
    .trace_id = {{0x11, 0x22}}, .span_id = {{0x33}}, .time = base::WallTime(1'700'000'050s)};

TEST_F(MetricEncoderTest, CountersHaveAnExemplar) {
  const SampleDetails details{.exemplars = {{.exemplar = {.span = kSpan, .value = 5}}}};
  const WireMessage exemplar = encode(kCounter, std::uint64_t{7}, &details).message(7).message(1).message(5);
  EXPECT_EQ(exemplar.scalar(2), 1'700'000'050 * kSecond);
  EXPECT_EQ(real(exemplar, 3), 5.0);
  EXPECT_EQ(exemplar.bytes(4), bytes_of(kSpan.span_id));
  EXPECT_EQ(exemplar.bytes(5), bytes_of(kSpan.trace_id));
}

TEST_F(MetricEncoderTest, HistogramsHaveAnExemplarForEachBucketThatHasOne) {
  const SampleDetails details{
      .exemplars = {{.bucket = 0, .exemplar = {.span = kSpan, .value = 50'000'000}},
                    {.bucket = 2, .exemplar = {.span = kSpan, .value = 2 * kSecond}}}};
  const WireMessage point =
      encode(kHistogram, HistogramFigures{kBucketsAndSum}, &details).message(9).message(1);
  ASSERT_EQ(point.all(8).size(), 2u);
  EXPECT_EQ(real(WireMessage(point.all(8)[0].bytes), 3), 0.05);
  EXPECT_EQ(real(WireMessage(point.all(8)[1].bytes), 3), 2.0);
}

TEST_F(MetricEncoderTest, SummariesHaveTheirQuantiles) {
  static constexpr double kQuantiles[] = {0.5, 0.99};
  const Family family{.metric = Metric::kHttpRequestSummary,
                      .name = "a_seconds",
                      .type = MetricType::kSummary,
                      .unit = "seconds",
                      .help = "",
                      .labels = {},
                      .quantiles = kQuantiles};
  SummaryValue value;
  value.quantiles = {0.25, NAN};
  value.count = 2;
  value.sum_nanos = 500'000'000;
  const WireMessage point = encode(family, &value).message(11).message(1);
  EXPECT_EQ(point.scalar(4), 2u);
  EXPECT_EQ(real(point, 5), 0.5);
  ASSERT_EQ(point.all(6).size(), 2u);
  const WireMessage half(point.all(6)[0].bytes);
  EXPECT_EQ(real(half, 1), 0.5);
  EXPECT_EQ(real(half, 2), 0.25);
  EXPECT_TRUE(std::isnan(real(WireMessage(point.all(6)[1].bytes), 2)));
  EXPECT_EQ(attributes_of(point, 7), kLabels);
}

TEST_F(MetricEncoderTest, NothingIsSentOfNothing) {
  const FamilySnapshot families[] = {snapshot(family_of(Metric::kLlmTokens), {})};
  encode_metrics(families, kTimes, portions_);
  EXPECT_TRUE(portions_.bytes.empty());
}

TEST_F(MetricEncoderTest, EverySampleIsInOnePortionWhateverTheirSize) {
  LabelBudgets budgets;
  ShardMetrics shard(budgets);
  Scrape scrape({&shard.series()}, "1");
  const SampleCall sample;
  shard.on_call_started(sample.call.route, sample.call.agent);
  shard.on_request_finished(sample.request);
  const Snapshot snapshot = scrape.collect();
  const std::vector<FamilySnapshot>& families = snapshot.families;
  std::map<std::string, std::size_t> expected;
  for (const FamilySnapshot& family : families)
    if (!family.samples.empty()) expected.emplace(family.family->name, family.samples.size());

  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{1000}, std::size_t{5000}, kMetricPortionBytes}) {
    Portions portions;
    encode_metrics(families, kTimes, portions, bytes);
    std::map<std::string, std::size_t> found;
    for (std::size_t i = 0; i < portions.bytes.size(); ++i) {
      EXPECT_LT(portions.bytes[i].size(), bytes + 2000);
      std::size_t points = 0;
      for (const auto& field : WireMessage(portions.bytes[i]).fields()) {
        EXPECT_EQ(field.number, 2u);
        const WireMessage metric(field.bytes);
        const std::size_t count = metric.message(data_field_of(metric)).all(1).size();
        EXPECT_GT(count, 0u);
        points += count;
        found[std::string(metric.bytes(1))] += count;
      }
      EXPECT_EQ(points, portions.points[i]);
    }
    EXPECT_EQ(found, expected) << bytes;
  }
}

}  // namespace
}  // namespace archestra::telemetry::otlp
