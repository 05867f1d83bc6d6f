#include "telemetry/metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/metrics/exposition_lines.h"
#include "telemetry/metrics/shard_metrics.h"
#include "telemetry/metrics/test_scrape.h"
#include "telemetry/test_records.h"
#include "telemetry/test_wire.h"

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

/// Families of the test's own, one sample each.
class FamiliesTest : public testing::Test {
 protected:
  void add(const Family& family, const SampleValue& value, const LabelPart& first = kNoLabels,
           const SampleDetails* details = nullptr) {
    families_.push_back({&family, {{&first, &kLast, &kNoLabels, value, details}}});
  }
  std::string text(ExpositionFormat format) const { return page_of(format, {.families = families_}); }

  static inline const LabelPart kNoLabels;
  static inline const LabelPart kLast = label_part({{"last", "say \"hi\"\\\n\xff"}});
  static constexpr std::array<base::Duration, 2> kBounds{100ms, 10s};
  static constexpr std::array<base::Duration, 0> kNoBounds{};
  static constexpr std::array<double, 2> kQuantiles{0.5, 0.99};
  static constexpr Family kCounter{Metric::kLlmTokens, "a_seconds_total",  MetricType::kCounter,
                                   "seconds",          "A \"help\"\\\nit", {}};
  static constexpr Family kGauge{Metric::kLabelSets, "b_total", MetricType::kGauge, "", "B", {}};
  static constexpr Family kHistogram{
      Metric::kLlmRequestDuration, "c_seconds", MetricType::kHistogram, "seconds", "C", {}, false, kBounds};
  static constexpr Family kSummary{Metric::kHttpRequestSummary,
                                   "d_seconds",
                                   MetricType::kSummary,
                                   "seconds",
                                   "D",
                                   {},
                                   false,
                                   kNoBounds,
                                   1s,
                                   kQuantiles};
  /// A millisecond stands for one.
  static constexpr Family kRate{
      Metric::kLlmTokensPerSecond, "e_per_second", MetricType::kHistogram, "", "E", {}, false, kBounds, 1ms};

  /// Three buckets, and the sum in nanoseconds.
  static constexpr std::array<std::uint64_t, 4> kHistogramNumbers{2, 1, 4, 50'500'000'000};
  static constexpr SummaryValue kSummaryValue{
      .quantiles = {0.25, std::numeric_limits<double>::quiet_NaN()}, .count = 0, .sum_nanos = 0};

  void add_all() {
    add(kCounter, std::uint64_t{3}, first_);
    add(kGauge, std::int64_t{-1});
    add(kHistogram, HistogramFigures{kHistogramNumbers});
    add(kSummary, &kSummaryValue);
    families_.push_back({&kCounter, {}});
  }

  const LabelPart first_ = label_part({{"one", "1"}, {"two", "2"}});
  std::vector<FamilySnapshot> families_;
};

TEST_F(FamiliesTest, AsText) {
  add_all();
  EXPECT_EQ(text(ExpositionFormat::kText),
            R"(# HELP a_seconds_total A "help"\\\nit
# TYPE a_seconds_total counter
a_seconds_total{one="1",two="2",last="say \"hi\"\\\n�"} 3
# HELP b_total B
# TYPE b_total gauge
b_total{last="say \"hi\"\\\n�"} -1
# HELP c_seconds C
# TYPE c_seconds histogram
c_seconds_bucket{last="say \"hi\"\\\n�",le="0.1"} 2
c_seconds_bucket{last="say \"hi\"\\\n�",le="10.0"} 3
c_seconds_bucket{last="say \"hi\"\\\n�",le="+Inf"} 7
c_seconds_sum{last="say \"hi\"\\\n�"} 50.5
c_seconds_count{last="say \"hi\"\\\n�"} 7
# HELP d_seconds D
# TYPE d_seconds summary
d_seconds{last="say \"hi\"\\\n�",quantile="0.5"} 0.25
d_seconds{last="say \"hi\"\\\n�",quantile="0.99"} NaN
d_seconds_sum{last="say \"hi\"\\\n�"} 0
d_seconds_count{last="say \"hi\"\\\n�"} 0
# HELP a_seconds_total A "help"\\\nit
# TYPE a_seconds_total counter
)");
}

TEST_F(FamiliesTest, AsOpenMetrics) {
  add_all();
  EXPECT_EQ(text(ExpositionFormat::kOpenMetrics),
            R"(# TYPE a_seconds counter
# UNIT a_seconds seconds
# HELP a_seconds A \"help\"\\\nit
a_seconds_total{one="1",two="2",last="say \"hi\"\\\n�"} 3
# TYPE b_total gauge
# HELP b_total B
b_total{last="say \"hi\"\\\n�"} -1
# TYPE c_seconds histogram
# UNIT c_seconds seconds
# HELP c_seconds C
c_seconds_bucket{last="say \"hi\"\\\n�",le="0.1"} 2
c_seconds_bucket{last="say \"hi\"\\\n�",le="10.0"} 3
c_seconds_bucket{last="say \"hi\"\\\n�",le="+Inf"} 7
c_seconds_sum{last="say \"hi\"\\\n�"} 50.5
c_seconds_count{last="say \"hi\"\\\n�"} 7
# TYPE d_seconds summary
# UNIT d_seconds seconds
# HELP d_seconds D
d_seconds{last="say \"hi\"\\\n�",quantile="0.5"} 0.25
d_seconds{last="say \"hi\"\\\n�",quantile="0.99"} NaN
d_seconds_sum{last="say \"hi\"\\\n�"} 0
d_seconds_count{last="say \"hi\"\\\n�"} 0
# TYPE a_seconds counter
# UNIT a_seconds seconds
# HELP a_seconds A \"help\"\\\nit
# EOF
)");
}

// ---- Protobuf

/// The messages, each behind its length.
std::vector<WireMessage> messages_in(std::string_view bytes) {
  std::vector<WireMessage> messages;
  while (!bytes.empty()) {
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(0));
      bytes.remove_prefix(1);
      length |= std::size_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    messages.emplace_back(bytes.substr(0, length));
    EXPECT_LE(length, bytes.size());
    bytes.remove_prefix(std::min(length, bytes.size()));
  }
  return messages;
}

double number(const WireMessage& message, std::uint32_t field) {
  return std::bit_cast<double>(message.scalar(field));
}

std::vector<std::pair<std::string, std::string>> labels_of(const WireMessage& metric) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (const WireMessage::Field& field : metric.all(1)) {
    const WireMessage label(field.bytes);
    labels.emplace_back(label.bytes(1), label.bytes(2));
  }
  return labels;
}

// What is observed is no time.
TEST_F(FamiliesTest, AHistogramIsShownInItsOwnUnit) {
  static constexpr std::array<std::uint64_t, 4> kNumbers{0, 2, 0, 1'500'000};
  add(kRate, HistogramFigures{kNumbers});
  for (const ExpositionFormat format : {ExpositionFormat::kText, ExpositionFormat::kOpenMetrics}) {
    EXPECT_NE(text(format).find("le=\"100.0\"} 0\n"), std::string::npos);
    EXPECT_NE(text(format).find("le=\"10000.0\"} 2\n"), std::string::npos);
    EXPECT_NE(text(format).find("\"} 1.5\n"), std::string::npos);
  }
  const std::string bytes = text(ExpositionFormat::kProtobuf);
  const WireMessage histogram = messages_in(bytes).at(0).message(4).message(7);
  EXPECT_EQ(number(histogram, 2), 1.5);
  EXPECT_EQ(number(WireMessage(histogram.all(3).at(1).bytes), 2), 10'000);
}

/// Of the bucket at `bucket`, as of a counter.
SampleDetails with_exemplar(std::size_t bucket, std::uint64_t value) {
  const ExemplarSpan span{id_of<16>(0x0a), id_of<8>(0x0b), base::WallTime(1'700'000'000s + 5ms)};
  return {.exemplars = {{bucket, {span, value}}}};
}

constexpr std::string_view kTraceIdText = "1111111111111111111111111111110a";
constexpr std::string_view kSpanIdText = "111111111111110b";

TEST_F(FamiliesTest, ExemplarsAreWrittenInOpenMetrics) {
  const SampleDetails of_counter = with_exemplar(0, 3);
  const SampleDetails of_histogram = with_exemplar(1, 2'500'000'000);
  const SampleDetails of_rate = with_exemplar(2, 20'000'000'000);
  add(kCounter, std::uint64_t{3}, first_, &of_counter);
  add(kHistogram, HistogramFigures{kHistogramNumbers}, first_, &of_histogram);
  add(kRate, HistogramFigures{kHistogramNumbers}, first_, &of_rate);
  const std::string ids =
      "{trace_id=\"" + std::string(kTraceIdText) + "\",span_id=\"" + std::string(kSpanIdText) + "\"}";
  const std::string page = text(ExpositionFormat::kOpenMetrics);
  EXPECT_THAT(page, testing::HasSubstr("\"} 3 # " + ids + " 3 1700000000.005\n"));
  EXPECT_THAT(page, testing::HasSubstr("le=\"10.0\"} 3 # " + ids + " 2.5 1700000000.005\n"));
  EXPECT_THAT(page, testing::HasSubstr("le=\"+Inf\"} 7 # " + ids + " 20000 1700000000.005\n"));
  EXPECT_EQ(std::ranges::count(page, '#'), 3 + 3 + 3 + 2 + 1) << "and nowhere else";
  EXPECT_THAT(text(ExpositionFormat::kText), testing::Not(testing::HasSubstr("trace_id")));
}

void expect_exemplar(const WireMessage& exemplar, double value) {
  EXPECT_THAT(labels_of(exemplar), ElementsAre(Pair("trace_id", std::string(kTraceIdText)),
                                               Pair("span_id", std::string(kSpanIdText))));
  EXPECT_EQ(number(exemplar, 2), value);
  EXPECT_EQ(exemplar.message(3).scalar(1), 1'700'000'000u);
  EXPECT_EQ(exemplar.message(3).scalar(2), 5'000'000u);
}

TEST_F(FamiliesTest, ExemplarsAreWrittenInProtobuf) {
  const SampleDetails of_counter = with_exemplar(0, 3);
  const SampleDetails of_bounded = with_exemplar(1, 2'500'000'000);
  const SampleDetails of_last = with_exemplar(2, 20'000'000'000);
  add(kCounter, std::uint64_t{3}, first_, &of_counter);
  add(kHistogram, HistogramFigures{kHistogramNumbers}, first_, &of_bounded);
  add(kHistogram, HistogramFigures{kHistogramNumbers}, first_, &of_last);
  const std::string bytes = text(ExpositionFormat::kProtobuf);
  const std::vector<WireMessage> families = messages_in(bytes);
  expect_exemplar(families.at(0).message(4).message(3).message(2), 3);

  const WireMessage bounded = families.at(1).message(4).message(7);
  ASSERT_EQ(bounded.all(3).size(), 2u);
  EXPECT_FALSE(WireMessage(bounded.all(3)[0].bytes).has(3));
  expect_exemplar(WireMessage(bounded.all(3)[1].bytes).message(3), 2.5);

  const WireMessage last = families.at(2).message(4).message(7);
  ASSERT_EQ(last.all(3).size(), 3u) << "one for +Inf";
  const WireMessage bucket(last.all(3)[2].bytes);
  EXPECT_EQ(bucket.scalar(1), 7u);
  EXPECT_EQ(number(bucket, 2), std::numeric_limits<double>::infinity());
  expect_exemplar(bucket.message(3), 20);
}

// ---- Native histograms

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// With the two counts of a native histogram, spans as (offset, length), and deltas.
struct NativePart {
  explicit NativePart(const WireMessage& histogram)
      : count(histogram.scalar(1)),
        schema(unzigzag(histogram.scalar(5))),
        zero_threshold(number(histogram, 6)),
        zero_count(histogram.scalar(7)) {
    for (const WireMessage::Field& field : histogram.all(12)) {
      const WireMessage span(field.bytes);
      spans.emplace_back(unzigzag(span.scalar(1)), span.scalar(2));
    }
    for (const WireMessage::Field& field : histogram.all(13)) deltas.push_back(unzigzag(field.scalar));
  }
  std::uint64_t count;
  std::int64_t schema;
  double zero_threshold;
  std::uint64_t zero_count;
  std::vector<std::pair<std::int64_t, std::uint64_t>> spans;
  std::vector<std::int64_t> deltas;
};

NativeFigures native_of(std::vector<NativeFigures::Bucket> buckets, std::uint64_t zeros) {
  NativeFigures native{NativeValue()};
  native.zeros = zeros;
  native.buckets = std::move(buckets);
  return native;
}

TEST_F(FamiliesTest, NativeHistogramsAreSpansAndDeltasBesideTheClassicBuckets) {
  const struct {
    NativeFigures native;
    std::uint64_t count;
    std::vector<std::pair<std::int64_t, std::uint64_t>> spans;
    std::vector<std::int64_t> deltas;
  } cases[] = {
      {native_of({}, 0), 0, {{0, 0}}, {}},
      {native_of({}, 3), 3, {{0, 0}}, {}},
      {native_of({{-79, 4}}, 1), 5, {{-79, 1}}, {4}},
      // Two empty buckets are within a span, three are not.
      {native_of({{-1, 4}, {0, 2}, {3, 7}, {4, 1}}, 0), 14, {{-1, 6}}, {4, -2, -2, 0, 7, -6}},
      {native_of({{-1, 4}, {0, 2}, {4, 7}, {5, 1}}, 0), 14, {{-1, 2}, {3, 2}}, {4, -2, 5, -6}},
  };
  for (const auto& [native, count, spans, deltas] : cases) {
    families_.clear();
    const SampleDetails details{.exemplars = {}, .native = native};
    add(kHistogram, HistogramFigures{kHistogramNumbers}, first_, &details);
    const std::string bytes = text(ExpositionFormat::kProtobuf);
    const WireMessage histogram = messages_in(bytes).at(0).message(4).message(7);
    const NativePart part(histogram);
    EXPECT_EQ(part.schema, 3);
    EXPECT_EQ(part.zero_threshold, 2.938735877055719e-39);
    EXPECT_EQ(part.zero_count, native.zeros);
    EXPECT_EQ(part.count, count);
    EXPECT_EQ(part.spans, spans);
    EXPECT_EQ(part.deltas, deltas);
    EXPECT_EQ(histogram.all(3).size(), 2u) << "the classic ones";
    EXPECT_THAT(text(ExpositionFormat::kText), testing::HasSubstr("le=\"+Inf\"} 7\n"));
  }
}

TEST_F(FamiliesTest, AsProtobuf) {
  add_all();
  const std::string bytes = text(ExpositionFormat::kProtobuf);
  const std::vector<WireMessage> families = messages_in(bytes);
  ASSERT_EQ(families.size(), 5u);
  const std::string escaped_nowhere = "say \"hi\"\\\n\xef\xbf\xbd";

  EXPECT_EQ(families[0].bytes(1), "a_seconds_total") << "counters keep their name";
  EXPECT_EQ(families[0].bytes(2), "A \"help\"\\\nit");
  EXPECT_EQ(families[0].scalar(3), 0u);
  EXPECT_EQ(families[0].bytes(5), "seconds");
  const WireMessage counter = families[0].message(4);
  EXPECT_THAT(labels_of(counter),
              ElementsAre(Pair("one", "1"), Pair("two", "2"), Pair("last", escaped_nowhere)));
  EXPECT_EQ(number(counter.message(3), 1), 3);

  EXPECT_EQ(families[1].scalar(3), 1u);
  EXPECT_EQ(number(families[1].message(4).message(2), 1), -1);

  EXPECT_EQ(families[2].scalar(3), 4u);
  const WireMessage histogram = families[2].message(4).message(7);
  EXPECT_EQ(histogram.scalar(1), 7u);
  EXPECT_EQ(number(histogram, 2), 50.5);
  std::vector<std::pair<double, std::uint64_t>> buckets;
  for (const WireMessage::Field& field : histogram.all(3))
    buckets.emplace_back(number(WireMessage(field.bytes), 2), WireMessage(field.bytes).scalar(1));
  EXPECT_THAT(buckets, ElementsAre(Pair(0.1, 2u), Pair(10, 3u)));
  for (const WireMessage::Field& field : histogram.fields()) EXPECT_LE(field.number, 3u) << "of a native one";

  EXPECT_EQ(families[3].scalar(3), 2u);
  const WireMessage summary = families[3].message(4).message(4);
  EXPECT_EQ(summary.scalar(1), 0u) << "zeros are there";
  EXPECT_EQ(number(summary, 2), 0);
  ASSERT_EQ(summary.all(3).size(), 2u);
  const WireMessage quantile(summary.all(3)[1].bytes);
  EXPECT_EQ(number(quantile, 1), 0.99);
  EXPECT_TRUE(std::isnan(number(quantile, 2)));

  EXPECT_EQ(families[4].bytes(1), "a_seconds_total");
  EXPECT_FALSE(families[4].has(4)) << "described before its first sample";
}

// ---- In pieces

// Whatever the pieces are, together they are the page; and none is much longer than it should be.
TEST_F(FamiliesTest, APieceEndsWithTheSampleThatFillsIt) {
  std::vector<LabelPart> labels;
  for (int i = 0; i < 2000; ++i)
    labels.push_back(label_part({{"number", std::to_string(i)}, {"long", std::string(100, 'x')}}));
  for (const Family* family : {&kCounter, &kHistogram}) {
    families_.push_back({family, {}});
    for (const LabelPart& first : labels) {
      const SampleValue value = family == &kCounter ? SampleValue(std::uint64_t{1})
                                                    : SampleValue(HistogramFigures{kHistogramNumbers});
      families_.back().samples.push_back({&first, &kLast, &kNoLabels, value});
    }
  }
  for (const ExpositionFormat format :
       {ExpositionFormat::kText, ExpositionFormat::kOpenMetrics, ExpositionFormat::kProtobuf}) {
    Exposition exposition(format, {.families = families_});
    ByteBuffer piece;
    std::string page;
    std::size_t pieces = 0;
    while (exposition.append_piece(piece)) {
      EXPECT_LT(piece.size(), Exposition::kPieceBytes + 2000);
      page += piece.bytes();
      piece.clear();
      ++pieces;
    }
    EXPECT_EQ(page, text(format));
    EXPECT_EQ(pieces, page.size() / Exposition::kPieceBytes + 1);
    EXPECT_FALSE(exposition.append_piece(piece)) << "it stays at its end";
    EXPECT_EQ(piece.size(), 0u);
    if (format != ExpositionFormat::kProtobuf) continue;
    const std::vector<WireMessage> messages = messages_in(page);
    ASSERT_EQ(messages.size(), 2u);
    for (const WireMessage& message : messages) EXPECT_EQ(message.all(4).size(), 2000u);
  }
}

// ---- All metrics

TEST(Exposition, EveryFormatHasEverySample) {
  LabelBudgets budgets;
  ShardMetrics shard(budgets);
  Scrape scrape({&shard.series()}, "1");
  const SampleCall sample;
  shard.on_call_started(sample.call.route, sample.call.agent);
  shard.on_request_finished(sample.request);
  const Snapshot snapshot = scrape.collect();
  // The lines of the text formats are the same; only what describes them differs.
  const auto lines = [&](ExpositionFormat format) {
    std::string text = page_of(format, {.families = snapshot.families});
    std::vector<std::string> samples;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      if (!text.starts_with('#')) samples.push_back(text.substr(0, end));
      text.erase(0, end + 1);
    }
    return samples;
  };
  EXPECT_EQ(lines(ExpositionFormat::kOpenMetrics), lines(ExpositionFormat::kText));

  const std::string bytes = page_of(ExpositionFormat::kProtobuf, {.families = snapshot.families});
  const std::vector<WireMessage> messages = messages_in(bytes);
  ASSERT_EQ(messages.size(), kMetricCount);
  for (const FamilySnapshot& family : snapshot.families) {
    const WireMessage& message = messages[static_cast<std::size_t>(family.family->metric)];
    EXPECT_EQ(message.bytes(1), family.family->name);
    EXPECT_EQ(message.all(4).size(), family.samples.size());
  }
}

TEST(Exposition, BoundsAreWrittenCanonically) {
  const std::pair<double, const char*> cases[] = {
      {0.005, "0.005"},       {0.1, "0.1"},     {1, "1.0"},
      {2.5, "2.5"},           {10, "10.0"},     {600, "600.0"},
      {100'000, "100000.0"},  {1e6, "1e+06"},   {1e-5, "1e-05"},
      {0.0001, "0.0001"},     {0.999, "0.999"}, {1234567, "1.234567e+06"},
      {123456.5, "123456.5"}, {1e21, "1e+21"},
  };
  for (const auto& [value, text] : cases) {
    std::string out;
    append_canonical(out, value);
    EXPECT_EQ(out, text);
  }
}

}  // namespace
}  // namespace archestra::telemetry
