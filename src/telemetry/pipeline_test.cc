#include "telemetry/pipeline.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/byte_ring.h"
#include "telemetry/history/overview.h"
#include "telemetry/metrics/test_scrape.h"
#include "telemetry/test_records.h"
#include "telemetry/test_wire.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {
namespace {

using namespace std::chrono_literals;

/// What the log writer wrote.
class LogFile {
 public:
  LogFile() : file_(std::tmpfile()) {}
  ~LogFile() { std::fclose(file_); }
  int descriptor() { return fileno(file_); }
  std::size_t lines() {
    std::string text(static_cast<std::size_t>(lseek(descriptor(), 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(descriptor(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

 private:
  std::FILE* file_;
};

std::size_t exported_spans(Telemetry& telemetry) {
  std::size_t spans = 0;
  spool::Batch batch;
  while (telemetry.traces().take(512, {}, batch)) {
    spans += batch.items;
    std::string items;
    for (const spool::Entry& entry : batch.entries) items += entry.bytes;
    EXPECT_EQ(WireMessage(items).all(2).size(), batch.items);
    telemetry.traces().settle();
  }
  return spans;
}

/// The value of one sample line; -1 where there is none.
long value_in(Telemetry& telemetry, const std::string& series) {
  const std::string text = page_of(ExpositionFormat::kText, telemetry.collect_metrics());
  const std::size_t at = text.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stol(text.substr(at + series.size() + 2));
}

/// The sum of all samples of `name` that have these labels.
std::uint64_t sum_in(const std::string& page, const std::string& name,
                     std::initializer_list<std::string_view> labels = {}) {
  std::uint64_t sum = 0;
  for (std::size_t at = page.find("\n" + name + "{"); at != std::string::npos;
       at = page.find("\n" + name + "{", at + 1)) {
    const std::string line = page.substr(at + 1, page.find('\n', at + 1) - at - 1);
    if (std::ranges::all_of(labels, [&](std::string_view label) { return line.contains(label); }))
      sum += std::stoull(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

/// What health() says was dropped is what the page says, each line of it.
void expect_drops_of_page(Telemetry& telemetry) {
  const std::string page = page_of(ExpositionFormat::kText, telemetry.collect_metrics());
  std::size_t series = 0;
  for (std::size_t at = 0; (at = page.find("\ntelemetry_dropped_total{", at)) != std::string::npos; ++at)
    ++series;
  const std::vector<Dropped> dropped = telemetry.health().dropped;
  EXPECT_EQ(dropped.size(), series);
  for (const auto& [signal, reason, count] : dropped)
    EXPECT_EQ(static_cast<long>(count),
              value_in(telemetry, "telemetry_dropped_total{signal=\"" + std::string(signal) + "\",reason=\"" +
                                      std::string(reason) + "\"}"))
        << signal << " " << reason;
}

class PipelineTest : public testing::Test {
 protected:
  void finish(ShardObserver& observer, const SampleCall& sample) {
    observer.on_call_started(sample.call.route, sample.call.agent);
    observer.on_request_finished(sample.request);
  }
  LogFile file_;
  LogWriter log_{file_.descriptor()};
};

TEST_F(PipelineTest, ACallLeavesOneLineAndTwoSpans) {
  Telemetry telemetry({.shards = 2}, log_);
  const SampleCall sample;
  finish(telemetry.observer(0), sample);
  finish(telemetry.observer(1), sample);
  telemetry.observer(1).on_request_finished(sample_health());
  EXPECT_EQ(telemetry.drain(), 3u);
  EXPECT_EQ(telemetry.drain(), 0u);
  EXPECT_EQ(telemetry.traces().items(), 5u);
  EXPECT_EQ(exported_spans(telemetry), 5u);
  log_.stop(10s);
  EXPECT_EQ(file_.lines(), 2u);
  EXPECT_EQ(
      value_in(telemetry,
               "http_request_duration_seconds_count{method=\"GET\",route=\"/health\",status_code=\"200\"}"),
      1);
}

TEST_F(PipelineTest, ALineIsARecordToo) {
  Telemetry telemetry({.shard = {.exports_spans = false}, .exports_logs = true}, log_);
  const SampleCall sample;
  finish(telemetry.observer(0), sample);
  telemetry.observer(0).on_request_finished(sample_health());
  telemetry.drain();
  EXPECT_EQ(telemetry.traces().items(), 0u);
  spool::Batch batch;
  ASSERT_TRUE(telemetry.logs().take(512, {}, batch));
  ASSERT_EQ(batch.entries.size(), 1u) << "of the call, as there is one line";
  EXPECT_EQ(WireMessage(batch.entries[0].bytes).message(2).message(5).bytes(1), "llm call");
  telemetry.logs().settle();
  log_.stop(1s);
  EXPECT_EQ(file_.lines(), 1u);
}

TEST_F(PipelineTest, RecordsOutliveTheProcessAsSpansDo) {
  const std::string folder = testing::TempDir() + "archestra-pipeline-" + std::to_string(getpid());
  const auto options = [&](const char* instance, bool exports_spans, bool exports_logs) {
    return Telemetry::Options{.shard = {.exports_spans = exports_spans},
                              .resource = {.service_instance_id = instance},
                              .unsent = {.folder = folder},
                              .exports_logs = exports_logs};
  };
  const SampleCall sample;
  {
    Telemetry first(options("first", true, true), log_);
    finish(first.observer(0), sample);
    first.drain();
    finish(first.observer(0), sample);  // which stays in the ring
  }
  {
    // What is not exported any more is left alone.
    Telemetry second(options("second", true, false), log_);
    second.adopt_orphans();
    EXPECT_EQ(second.traces().items(), 4u);
    EXPECT_EQ(second.logs().items(), 0u);
    second.adopt_orphans();
    EXPECT_EQ(second.traces().items(), 4u) << "once";
    EXPECT_EQ(exported_spans(second), 4u);
  }
  Telemetry third(options("third", true, true), log_);
  third.adopt_orphans();
  EXPECT_EQ(third.traces().items(), 0u);
  EXPECT_EQ(third.logs().items(), 1u) << "the ring was emptied by one that exported no logs";
  std::filesystem::remove_all(folder);
}

TEST_F(PipelineTest, ARecordThatALaterVersionLeftIsCountedBySpansAndLines) {
  const std::string folder = testing::TempDir() + "archestra-pipeline-" + std::to_string(getpid());
  const auto options = [&](const char* instance) {
    return Telemetry::Options{
        .resource = {.service_instance_id = instance}, .unsent = {.folder = folder}, .exports_logs = true};
  };
  const SampleCall sample;
  {
    Telemetry first(options("first"), log_);
    finish(first.observer(0), sample);
    finish(first.observer(0), sample);
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.path().string().ends_with("shard-0.ring")) continue;
    std::fstream ring(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    constexpr std::uint16_t kLater = kRecordFormat + 1;
    ring.seekp(sizeof(base::RingControl) + 8);  // the record's length
    ring.write(reinterpret_cast<const char*>(&kLater), sizeof kLater);
  }
  Telemetry second(options("second"), log_);
  second.adopt_orphans();
  EXPECT_EQ(second.traces().items(), 2u) << "of the other record";
  EXPECT_EQ(value_in(second, "telemetry_dropped_total{signal=\"traces\",reason=\"spool_unreadable\"}"), 2);
  EXPECT_EQ(value_in(second, "telemetry_dropped_total{signal=\"logs\",reason=\"spool_unreadable\"}"), 1);
  std::filesystem::remove_all(folder);
}

TEST_F(PipelineTest, WhicheverByteOfASpoolIsDamagedEachSpanIsGivenOrCounted) {
  const std::string folder = testing::TempDir() + "archestra-pipeline-" + std::to_string(getpid());
  const auto options = [&](const char* instance) {
    return Telemetry::Options{.shard = {.ring_bytes = 4096},
                              .resource = {.service_instance_id = instance},
                              .unsent = {.folder = folder, .disk_bytes_max = 1 << 20}};
  };
  const SampleCall sample;
  base::set_log_level(base::LogLevel::kWarn);
  {
    Telemetry first(options("first"), log_);
    for (int i = 0; i < 3; ++i) {
      finish(first.observer(0), sample);
      first.drain();
    }
  }
  std::filesystem::path path;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().filename().string().starts_with("traces-")) path = entry.path();
  std::string bytes(std::filesystem::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const std::size_t used = bytes.find_last_not_of('\0') + 1;
  std::filesystem::remove_all(folder);
  Telemetry second(options("second"), log_);
  std::size_t damaged = 0;
  for (std::size_t at = 0; at < used; ++at) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary)
        << bytes.substr(0, at) << static_cast<char>(~bytes[at]) << bytes.substr(at + 1, used - at - 1);
    std::filesystem::resize_file(path, bytes.size());
    second.adopt_orphans();
    std::uint64_t given = 0;
    std::uint64_t counted = 0;
    spool::Batch batch;
    for (; second.traces().take(512, {}, batch); second.traces().settle()) {
      given += batch.items;
      counted += batch.lost_items;
    }
    EXPECT_EQ(given + counted, 6u) << at;
    EXPECT_GE(given, 4u) << at << ": those of two calls are whole";
    EXPECT_FALSE(std::filesystem::exists(path.parent_path())) << at;
    damaged += counted > 0 ? 1 : 0;
  }
  std::filesystem::remove_all(folder);
  EXPECT_GT(damaged, used / 2);
  base::set_log_level(base::LogLevel::kInfo);
}

TEST_F(PipelineTest, MetricsAreEncodedWhileNobodyScrapes) {
  struct Portions final : otlp::MetricPortions {
    void take(std::string_view metrics, std::size_t count) override {
      bytes += metrics;
      points += count;
    }
    std::string bytes;
    std::size_t points = 0;
  } portions;
  Telemetry telemetry({}, log_);
  const SampleCall sample;
  finish(telemetry.observer(0), sample);
  EXPECT_TRUE(telemetry.try_encode_metrics(portions));
  EXPECT_GT(portions.points, 100u);
  bool is_there = false;
  for (const auto& metric : WireMessage(portions.bytes).all(2))
    is_there |= WireMessage(metric.bytes).bytes(1) == "llm_requests_total";
  EXPECT_TRUE(is_there);
}

TEST_F(PipelineTest, AnUnsampledCallLeavesALineAndNoSpan) {
  Telemetry telemetry({}, log_);
  SampleCall sample;
  sample.request.trace.sampled = false;
  finish(telemetry.observer(0), sample);
  EXPECT_EQ(telemetry.drain(), 1u);
  EXPECT_EQ(telemetry.traces().items(), 0u);
  log_.stop(10s);
  EXPECT_EQ(file_.lines(), 1u);
}

TEST_F(PipelineTest, LevelAndExportDecideWhatIsRecorded) {
  Telemetry::Options options;
  options.shard.exports_spans = false;
  options.access_log_level = base::LogLevel::kWarn;
  Telemetry telemetry(options, log_);
  SampleCall sample;
  telemetry.observer(0).on_request_finished(sample_health());
  EXPECT_EQ(telemetry.drain(), 0u) << "nobody wants it";
  finish(telemetry.observer(0), sample);
  EXPECT_EQ(telemetry.drain(), 1u) << "for the history alone";
  sample.call.outcome = call::Outcome::kClientCancelled;
  finish(telemetry.observer(0), sample);
  EXPECT_EQ(telemetry.drain(), 1u);
  EXPECT_EQ(telemetry.traces().items(), 0u);
  EXPECT_EQ(telemetry.history().held_calls().calls, 2u);

  options.access_log_level = base::LogLevel::kDebug;
  Telemetry talkative(options, log_);
  talkative.observer(0).on_request_finished(sample_health());
  EXPECT_EQ(talkative.drain(), 1u);
  log_.stop(10s);
  EXPECT_EQ(file_.lines(), 2u);
}

TEST_F(PipelineTest, TellsWhatWaits) {
  Telemetry telemetry({.shards = 2}, log_);
  const SampleCall sample;
  for (int i = 0; i < 3; ++i) finish(telemetry.observer(1), sample);
  finish(telemetry.observer(0), sample);
  const auto used = static_cast<long>(telemetry.observer(1).ring().bytes_used());
  EXPECT_GT(used, 0);
  telemetry.drain();
  EXPECT_EQ(value_in(telemetry, "telemetry_queue_bytes{queue=\"records\"}"), used) << "the fullest ring";
  EXPECT_EQ(value_in(telemetry, "telemetry_queue_max_bytes{queue=\"records\"}"), 2 << 20);
  EXPECT_EQ(value_in(telemetry, "telemetry_queue_spans"), 8);
  EXPECT_EQ(value_in(telemetry, "telemetry_queue_spans_max"), 2048);
  EXPECT_GE(value_in(telemetry, "telemetry_queue_bytes{queue=\"log_lines\"}"), 0);
  EXPECT_EQ(value_in(telemetry, "telemetry_queue_max_bytes{queue=\"log_lines\"}"), 4 << 20);
  log_.stop(10s);
  telemetry.drain();
  EXPECT_EQ(value_in(telemetry, "telemetry_queue_bytes{queue=\"records\"}"), 0);
  EXPECT_EQ(value_in(telemetry, "telemetry_queue_bytes{queue=\"log_lines\"}"), 0);
}

TEST_F(PipelineTest, AFullRingIsCounted) {
  Telemetry::Options options;
  options.shard.ring_bytes = 4096;
  Telemetry telemetry(options, log_);
  const SampleCall sample;
  for (int i = 0; i < 100; ++i) finish(telemetry.observer(0), sample);
  const auto kept = static_cast<long>(telemetry.drain());
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 100);
  EXPECT_EQ(value_in(telemetry, "telemetry_dropped_total{signal=\"traces\",reason=\"ring_full\"}"),
            2 * (100 - kept));
  EXPECT_EQ(value_in(telemetry, "telemetry_dropped_total{signal=\"logs\",reason=\"ring_full\"}"), 100 - kept);
  EXPECT_EQ(telemetry.traces().items(), static_cast<std::uint64_t>(2 * kept));
  expect_drops_of_page(telemetry);
}

TEST_F(PipelineTest, FullQueuesAreCounted) {
  Telemetry::Options options;
  options.unsent.memory_items_max = 10;
  LogWriter narrow(file_.descriptor(), 100);
  Telemetry telemetry(options, narrow);
  const SampleCall sample;
  for (int i = 0; i < 8; ++i) finish(telemetry.observer(0), sample);
  EXPECT_EQ(telemetry.drain(), 8u);
  EXPECT_EQ(value_in(telemetry, "telemetry_dropped_total{signal=\"traces\",reason=\"queue_full\"}"), 6);
  EXPECT_EQ(value_in(telemetry, "telemetry_dropped_total{signal=\"logs\",reason=\"writer_full\"}"), 8);
  EXPECT_EQ(value_in(telemetry, "otlp_export_requests_total{signal=\"traces\",result=\"success\"}"), 0);
  expect_drops_of_page(telemetry);
  telemetry.drain();
  const Health health = telemetry.health();
  EXPECT_EQ(health.spans.waiting, 10);
  EXPECT_EQ(health.spans.max, 10);
  EXPECT_EQ(health.log_bytes.max, 100);
  EXPECT_GT(health.record_bytes.max, 0);
  EXPECT_EQ(health.spans_sent, 0u);
  EXPECT_FALSE(health.exports.last_success_at);
}

TEST_F(PipelineTest, LooksMoreOftenWhileRingsFill) {
  Telemetry::Options options;
  options.shard.ring_bytes = 16384;
  Telemetry telemetry(options, log_);
  EXPECT_EQ(telemetry.pause(), 20ms);
  const SampleCall sample;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 15; ++i) finish(telemetry.observer(0), sample);
    telemetry.drain();
  }
  EXPECT_EQ(telemetry.pause(), 1ms);
  for (int round = 0; round < 10; ++round) telemetry.drain();
  EXPECT_EQ(telemetry.pause(), 20ms);
}

// The first calls of a burst meet an export thread that is used to calm.
TEST_F(PipelineTest, ARingHoldsWhatAFullLoadMakesInTheLongestPause) {
  constexpr std::size_t kCallsPerSecond = 50'000;  // more than a shard has been seen to serve
  Telemetry telemetry({}, log_);
  const SampleCall sample;
  const std::size_t calls = kCallsPerSecond * static_cast<std::size_t>(telemetry.pause() / 1ms) / 1000;
  for (std::size_t i = 0; i < calls; ++i) finish(telemetry.observer(0), sample);
  EXPECT_EQ(telemetry.drain(), calls);
}

TEST_F(PipelineTest, TheHistorySaysWhatTheMetricsSay) {
  const std::uint64_t seed = base::Random::from_entropy().next();
  base::Random random(seed);
  Telemetry telemetry({.shards = 2}, log_);
  const std::array<std::string_view, 3> models{"a", "b", "c"};
  for (int i = 0; i < 2000; ++i) {
    SampleCall sample;
    sample.call.requested_model = models[random.below(models.size())];
    sample.call.outcome = static_cast<call::Outcome>(random.below(call::kOutcomeCount));
    sample.call.usage.provenance = static_cast<call::Provenance>(random.below(3));
    sample.call.usage.input_tokens = random.below(100'000);
    sample.call.usage.output_tokens = random.below(1000);
    sample.call.blocked_tool_calls = random.below(8) == 0 ? 2 : 0;
    std::array<call::TryRecord, 3> tries{sample.tries[0], sample.tries[0], sample.tries[0]};
    for (call::TryRecord& attempt : tries) {
      attempt.status_code = random.below(2) == 0 ? 200 : 503;
      if (random.below(2) == 0) attempt.time_to_first_token.reset();
    }
    sample.call.tries = std::span(tries).first(random.below(4));
    finish(telemetry.observer(random.below(2)), sample);
    if (random.below(50) == 0) telemetry.drain();
  }
  telemetry.drain();
  const std::string page = page_of(ExpositionFormat::kText, telemetry.collect_metrics());
  const auto check = [&](const FigureSeries& series, std::string_view label) {
    const Counts& counts = series.totals;
    EXPECT_GT(counts.calls, 0u);
    EXPECT_EQ(counts.calls, sum_in(page, "llm_requests_total", {label}));
    EXPECT_EQ(counts.errors, counts.calls -
                                 sum_in(page, "llm_requests_total", {label, "outcome=\"completed\""}) -
                                 sum_in(page, "llm_requests_total", {label, "outcome=\"client_cancelled\""}));
    EXPECT_EQ(counts.input_tokens, sum_in(page, "llm_tokens_total", {label, "type=\"input\""}));
    EXPECT_EQ(counts.output_tokens, sum_in(page, "llm_tokens_total", {label, "type=\"output\""}));
    EXPECT_EQ(counts.blocked_tool_calls, sum_in(page, "llm_blocked_tool_total", {label}));
  };
  for (std::size_t tier = 0; tier < kTiers.size(); ++tier) {
    const SeriesSnapshot snapshot = telemetry.history().series(tier);
    const Window window = Window::until(snapshot.now, snapshot.step, 60);
    const Overview overview = make_overview(snapshot, window, {}, {.by = GroupBy::kModel});
    EXPECT_EQ(overview.groups.size(), 4u) << "and the calls that nobody accepted, seed " << seed;
    check(overview.all, "");
    for (const FigureSeries& group : overview.groups) check(group, ",model=\"" + group.key + "\"");
    std::array<std::uint64_t, kMeasures> measured{};
    CellView cell;
    for (const PackedSlotRef& slot : snapshot.slots)
      for (PackedSlot::Reader reader(*slot); reader.next(cell);)
        for (std::size_t i = 0; i < kMeasures; ++i)
          for (const BucketCount& count : cell.sketches[i]) measured[i] += count.count;
    EXPECT_EQ(measured[0], sum_in(page, "llm_request_duration_seconds_count"));
    EXPECT_EQ(measured[1], sum_in(page, "llm_time_to_first_token_seconds_count"));
    EXPECT_EQ(measured[2], sum_in(page, "llm_gateway_seconds_count"));
  }
  log_.stop(10s);
}

// Two shards, export and scrape at once: nothing is lost but what is counted.
TEST_F(PipelineTest, ThreadsTogether) {
  constexpr std::size_t kCalls = 5000;
  Telemetry::Options options{.shards = 2};
  options.shard.ring_bytes = 1 << 16;
  Telemetry telemetry(options, log_);
  std::atomic<int> running{2};
  std::array<std::thread, 2> shards;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    shards[i] = std::thread([&, i] {
      const SampleCall sample;
      for (std::size_t n = 0; n < kCalls; ++n) finish(telemetry.observer(i), sample);
      --running;
    });
  }
  std::thread scraper([&] {
    while (running > 0) page_of(ExpositionFormat::kText, telemetry.collect_metrics());
  });
  std::size_t requests = 0;
  std::size_t spans = 0;
  while (running > 0) {
    requests += telemetry.drain();
    spans += exported_spans(telemetry);
  }
  for (std::thread& shard : shards) shard.join();
  scraper.join();
  while (const std::size_t more = telemetry.drain()) requests += more;
  spans += exported_spans(telemetry);

  const long lost = value_in(telemetry, "telemetry_dropped_total{signal=\"logs\",reason=\"ring_full\"}");
  EXPECT_EQ(requests + static_cast<std::size_t>(lost), 2 * kCalls);
  const long lost_spans =
      value_in(telemetry, "telemetry_dropped_total{signal=\"traces\",reason=\"queue_full\"}");
  EXPECT_EQ(spans + static_cast<std::size_t>(lost_spans), 2 * requests);
}

}  // namespace
}  // namespace archestra::telemetry
