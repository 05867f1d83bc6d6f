#include "telemetry/metrics/exemplar.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "telemetry/metrics/cells.h"
#include "telemetry/metrics/test_scrape.h"
#include "telemetry/shard_observer.h"
#include "telemetry/test_records.h"

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kStart{1'700'000'000s};

ExemplarSpan span_at(base::Duration after, std::uint8_t last = 1) {
  return {id_of<16>(last), id_of<8>(last), kStart + after};
}

TEST(ExemplarSlot, GivesBackWhatWasOffered) {
  ExemplarSlot slot;
  EXPECT_FALSE(slot.read());
  slot.offer(span_at(0s, 7), 42);
  const std::optional<Exemplar> read = slot.read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->span.trace_id, id_of<16>(7));
  EXPECT_EQ(read->span.span_id, id_of<8>(7));
  EXPECT_EQ(read->span.time, kStart);
  EXPECT_EQ(read->value, 42u);
}

TEST(ExemplarSlot, IsWrittenOnceASecond) {
  ExemplarSlot slot;
  const struct {
    base::Duration at;
    std::uint64_t shown;
  } offers[] = {{0s, 0},       {999ms, 0}, {1s, 2},
                {1s + 1ms, 2}, {5s, 4},    {3s, 5}};  // at last, the clock is set back
  std::uint64_t value = 0;
  for (const auto& [at, shown] : offers) {
    slot.offer(span_at(at), value++);
    EXPECT_EQ(slot.read()->value, shown) << at.count();
  }
}

// All parts of an exemplar are made of one number: a torn one would show two.
TEST(ExemplarSlot, IsReadWholeWhileItIsWritten) {
  ExemplarSlot slot;
  std::atomic<bool> is_over{false};
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= 200'000; ++i) {
      ExemplarSpan span;
      span.trace_id.bytes.fill(static_cast<std::uint8_t>(i));
      span.span_id.bytes.fill(static_cast<std::uint8_t>(i));
      span.time = base::WallTime(i * 1s);
      slot.offer(span, i);
    }
    is_over = true;
  });
  std::uint64_t newest = 0;
  while (!is_over) {
    const std::optional<Exemplar> read = slot.read();
    if (!read) continue;
    const auto byte = static_cast<std::uint8_t>(read->value);
    for (const std::uint8_t b : read->span.trace_id.bytes) ASSERT_EQ(b, byte);
    for (const std::uint8_t b : read->span.span_id.bytes) ASSERT_EQ(b, byte);
    ASSERT_EQ(read->span.time, base::WallTime(read->value * 1s));
    ASSERT_GE(read->value, newest);
    newest = read->value;
  }
  writer.join();
  EXPECT_EQ(slot.read()->value, 200'000u);
}

TEST(Histogram, AnExemplarIsInTheBucketOfItsValue) {
  static constexpr std::array<base::Duration, 2> kBounds{10ms, 1s};
  Histogram histogram(kBounds);
  BucketExemplars none;
  histogram.observe(3ms);
  histogram.add_to(none);
  for (const auto& exemplar : none) EXPECT_FALSE(exemplar);
  histogram.observe(10ms, span_at(0s, 1));
  histogram.observe(2s, span_at(0s, 3));
  BucketExemplars found;
  histogram.add_to(found);
  ASSERT_TRUE(found[0]);
  EXPECT_EQ(found[0]->value, 10'000'000u);
  EXPECT_FALSE(found[1]);
  ASSERT_TRUE(found[2]);
  EXPECT_EQ(found[2]->span.span_id, id_of<8>(3));
}

TEST(Histogram, OfSeveralTheNewestExemplarIsKept) {
  static constexpr std::array<base::Duration, 1> kBounds{1s};
  Histogram older(kBounds);
  Histogram newer(kBounds);
  older.observe(1ms, span_at(0s, 1));
  newer.observe(2ms, span_at(10ms, 2));
  for (const auto& order : {std::pair(&older, &newer), std::pair(&newer, &older)}) {
    BucketExemplars found;
    order.first->add_to(found);
    order.second->add_to(found);
    EXPECT_EQ(found[0]->span.span_id, id_of<8>(2));
  }
}

TEST(CallCounter, HasTheExemplarOfWhatWasAdded) {
  CallCounter counter;
  std::optional<Exemplar> found;
  counter.add(5, std::nullopt);
  counter.add(0, span_at(0s));
  counter.add_to(found);
  EXPECT_FALSE(found) << "nothing was added for that span";
  counter.add(3, span_at(0s));
  counter.add_to(found);
  EXPECT_EQ(counter.value(), 8u);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->value, 3u);
}

class ExemplarsOfCallsTest : public testing::Test {
 protected:
  void run(const SampleCall& sample, ShardObserver::Options options = {}) {
    scrape_.reset();
    observer_.emplace(options, level_, budgets_);
    scrape_.emplace(std::vector{&observer_->series()}, "1");
    observer_->on_call_started(sample.call.route, sample.call.agent);
    observer_->on_request_finished(sample.request);
  }
  /// Those of all samples of the family.
  std::vector<BucketExemplar> exemplars_of(Metric metric) {
    std::vector<BucketExemplar> all;
    const Snapshot snapshot = scrape_->collect();
    for (const Sample& sample : snapshot[metric].samples)
      if (sample.details != nullptr)
        all.insert(all.end(), sample.details->exemplars.begin(), sample.details->exemplars.end());
    return all;
  }
  std::size_t count_all() {
    std::size_t count = 0;
    for (const Family& family : catalogue()) count += exemplars_of(family.metric).size();
    return count;
  }

  AccessLogLevel level_{base::LogLevel::kInfo};
  LabelBudgets budgets_;
  std::optional<ShardObserver> observer_;
  std::optional<Scrape> scrape_;
};

TEST_F(ExemplarsOfCallsTest, NameTheLastTrysSpan) {
  run(SampleCall());
  for (const Metric metric : {Metric::kLlmRequestDuration, Metric::kLlmRequests, Metric::kLlmTimeToFirstToken,
                              Metric::kLlmTimeToFirstByte, Metric::kLlmTokensPerSecond, Metric::kLlmGateway,
                              Metric::kLlmCacheTokens, Metric::kLlmUsage, Metric::kLlmAccountingFinalized}) {
    const std::vector<BucketExemplar> found = exemplars_of(metric);
    ASSERT_EQ(found.size(), 1u) << family_of(metric).name;
    EXPECT_EQ(found[0].exemplar.span.trace_id, id_of<16>(0x01));
    EXPECT_EQ(found[0].exemplar.span.span_id, id_of<8>(0xc1));
  }
  EXPECT_EQ(exemplars_of(Metric::kLlmTokens).size(), 2u);
  for (const Metric metric : {Metric::kHttpRequestDuration, Metric::kLlmInterToken, Metric::kLlmBlockedTool})
    EXPECT_TRUE(exemplars_of(metric).empty()) << family_of(metric).name;
}

TEST_F(ExemplarsOfCallsTest, OfATryNameItsOwnSpan) {
  SampleCall sample;
  std::array<call::TryRecord, 2> tries{sample.tries[0], sample.tries[0]};
  tries[0].span_id = id_of<8>(0xc0);
  tries[0].status_code = 503;
  tries[0].duration = 5ms;
  sample.call.tries = tries;
  run(sample);
  const std::vector<BucketExemplar> found = exemplars_of(Metric::kLlmRequestDuration);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].exemplar.span.span_id, id_of<8>(0xc1));  // "200" stands before "503"
  EXPECT_EQ(found[1].exemplar.span.span_id, id_of<8>(0xc0));
  EXPECT_EQ(exemplars_of(Metric::kLlmRequests).at(0).exemplar.span.span_id, id_of<8>(0xc1));
}

TEST_F(ExemplarsOfCallsTest, NameTheServerSpanWhereThereWasNoTry) {
  SampleCall sample;
  sample.call.tries = {};
  run(sample);
  EXPECT_EQ(exemplars_of(Metric::kLlmRequests).at(0).exemplar.span.span_id, id_of<8>(0xa1));
}

TEST_F(ExemplarsOfCallsTest, OfBlockedToolsAreShownUnderBothNames) {
  SampleCall sample;
  sample.call.blocked_tool_calls = 2;
  run(sample);
  EXPECT_EQ(exemplars_of(Metric::kLlmBlockedTool).at(0).exemplar.value, 2u);
  EXPECT_EQ(exemplars_of(Metric::kLlmBlockedTools).at(0).exemplar.value, 2u);
}

TEST_F(ExemplarsOfCallsTest, AreNotThereWithoutSpans) {
  SampleCall sample;
  run(sample);
  EXPECT_GT(count_all(), 10u);
  run(sample, {.exports_spans = false});
  EXPECT_EQ(count_all(), 0u);
  run(sample, {.has_exemplars = false});
  EXPECT_EQ(count_all(), 0u);
  sample.request.trace.sampled = false;
  run(sample);
  EXPECT_EQ(count_all(), 0u);
}

TEST_F(ExemplarsOfCallsTest, AreNotThereWhereTheRingWasFull) {
  const SampleCall sample;
  run(sample, {.ring_bytes = 256});
  ASSERT_EQ(observer_->lost_spans(), 2u);
  EXPECT_EQ(count_all(), 0u);
}

}  // namespace
}  // namespace archestra::telemetry
