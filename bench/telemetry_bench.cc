// What telemetry costs: on the shard (counter, histogram, a finished call into metrics and ring), on
// the export thread (reading back, span encoding, log line) and on the scrape thread.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "filled_set.h"
#include "telemetry/history/history.h"
#include "telemetry/history/overview.h"
#include "telemetry/log/access_log.h"
#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/scrape.h"
#include "telemetry/otlp/span_encoder.h"
#include "telemetry/runtime/heap.h"
#include "telemetry/shard_observer.h"
#include "telemetry/test_records.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {
namespace {

void counter_add(benchmark::State& state) {
  Counter counter;
  benchmark::DoNotOptimize(&counter);
  for (auto _ : state) {
    counter.add();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(counter_add);

/// As shards have them: each its own, on cache lines of its own. The time is one thread's for one add.
void counter_add_on_each_thread(benchmark::State& state) {
  struct alignas(64) Own {
    Counter counter;
  };
  static std::array<Own, 2> counters;
  Counter& counter = counters[static_cast<std::size_t>(state.thread_index())].counter;
  for (auto _ : state) {
    counter.add();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(counter_add_on_each_thread)->Threads(2)->UseRealTime();

void histogram_observe(benchmark::State& state) {
  Histogram histogram(family_of(Metric::kLlmRequestDuration).bounds);
  benchmark::DoNotOptimize(&histogram);
  const base::Duration duration = std::chrono::milliseconds(state.range(0));
  for (auto _ : state) {
    histogram.observe(duration);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_observe)->Arg(40)->Arg(900)->Arg(700'000);

void metrics_of_a_call(benchmark::State& state) {
  LabelBudgets budgets;
  ShardMetrics metrics(budgets, {}, state.range(0) != 0 ? NativeHistograms::kYes : NativeHistograms::kNo);
  const SampleCall sample;
  for (auto _ : state) {
    metrics.on_call_started(sample.call.route, sample.call.agent);
    metrics.on_call_accepted({sample.call.route, sample.call.agent, sample.call.requested_model, true, 200});
    metrics.on_request_finished(sample.request);
  }
}
BENCHMARK(metrics_of_a_call)->ArgName("native")->Arg(0)->Arg(1);

/// The record alone, written and taken out unread, so that the ring never fills.
void record_of_a_call(benchmark::State& state) {
  base::ByteRing ring(1 << 20);
  const SampleCall sample;
  for (auto _ : state) {
    benchmark::DoNotOptimize(write_record(sample.request, ring));
    state.counters["bytes"] = static_cast<double>(ring.front().size());
    ring.pop();
  }
}
BENCHMARK(record_of_a_call);

/// All that a shard does for a call: start, all metrics, the record of its spans and its line. The promise is
/// a microsecond at most for what comes at its end.
void observe_a_call(benchmark::State& state) {
  LabelBudgets budgets;
  const AccessLogLevel level(base::LogLevel::kInfo);
  ShardObserver observer({.has_exemplars = state.range(0) != 0}, level, budgets);
  SampleCall sample;
  sample.call.usage.cache_write_tokens = 16;
  sample.call.undelivered_tokens = 4;
  for (auto _ : state) {
    observer.on_call_started(sample.call.route, sample.call.agent);
    observer.on_call_accepted({sample.call.route, sample.call.agent, sample.call.requested_model, true, 200});
    observer.on_request_finished(sample.request);
    benchmark::DoNotOptimize(observer.ring().front());
    observer.ring().pop();
  }
}
BENCHMARK(observe_a_call)->ArgName("exemplars")->Arg(0)->Arg(1);

/// A record to read from; `request` views it.
struct Recorded {
  explicit Recorded(std::string_view model = "gpt-4o") {
    sample.call.requested_model = model;
    write_record(sample.request, ring);
    read_record(ring.front(), request);
  }
  SampleCall sample;
  base::ByteRing ring{1 << 16};
  FinishedRequest request;
};

void read_back(benchmark::State& state) {
  Recorded recorded;
  for (auto _ : state) benchmark::DoNotOptimize(read_record(recorded.ring.front(), recorded.request));
}
BENCHMARK(read_back);

/// Into series, seconds and recent calls, in rounds of 100; of 50 label sets, with latencies of a decade. The
/// promise is half a microsecond a call.
void history_of_a_call(benchmark::State& state) {
  constexpr std::size_t kSets = 50;
  constexpr std::int64_t kCalls = 100;
  History history({});
  std::deque<std::string> models;
  std::deque<Recorded> recorded;
  for (std::size_t i = 0; i < kSets; ++i)
    recorded.emplace_back(models.emplace_back("model-" + std::to_string(i)));
  std::size_t next = 0;
  for (auto _ : state) {
    History::Round round(history);
    for (std::int64_t i = 0; i < kCalls; ++i) {
      Recorded& call = recorded[next++ % kSets];
      call.request.tries[0].duration = std::chrono::milliseconds(200 + next * 7919 % 2000);
      round.add(call.ring.front(), call.request);
    }
  }
  state.SetItemsProcessed(state.iterations() * kCalls);
}
BENCHMARK(history_of_a_call);

/// The slots of 24 hours with calls of so many label sets in every step, as far as there is room for them.
class Day {
 public:
  static constexpr std::int64_t kSteps = 288;

  explicit Day(std::int64_t sets) {
    std::deque<std::string> models;
    std::deque<Recorded> recorded;
    for (std::int64_t i = 0; i < sets; ++i)
      recorded.emplace_back(models.emplace_back("model-" + std::to_string(i)));
    for (std::int64_t step = 1; step <= kSteps; ++step) {
      store_.advance(step * 300);
      for (Recorded& call : recorded)
        for (std::int64_t i = 0; i < kCallsOfAll / sets; ++i) {
          call.request.tries[0].duration = std::chrono::milliseconds(200 + i * step * 7919 % 2000);
          store_.add(call.request, CallFigures(call.request.call));
        }
    }
  }

  SeriesSnapshot snapshot() const { return {.step = 300, .now = kSteps * 300, .slots = store_.slots(2)}; }
  std::size_t bytes() const { return store_.bytes(); }

 private:
  static constexpr std::int64_t kCallsOfAll = 4000;  // in each step
  SeriesStore store_{std::size_t{12} << 20, {}};
};

/// The largest answers there are: of many figures in each cell, and of many cells.
void overview_of_a_day(benchmark::State& state) {
  const Day day(state.range(0));
  for (auto _ : state) {
    const SeriesSnapshot snapshot = day.snapshot();
    benchmark::DoNotOptimize(
        make_overview(snapshot, Window::until(snapshot.now, 300, Day::kSteps), {}, {.by = GroupBy::kModel}));
  }
  state.counters["bytes"] = static_cast<double>(day.bytes());
  state.counters["slots"] = static_cast<double>(day.snapshot().slots.size());
}
BENCHMARK(overview_of_a_day)->Arg(50)->Arg(2000)->Unit(benchmark::kMillisecond);

void agents_of_a_day(benchmark::State& state) {
  const Day day(state.range(0));
  for (auto _ : state) {
    const SeriesSnapshot snapshot = day.snapshot();
    benchmark::DoNotOptimize(make_agent_series(snapshot, Window::until(snapshot.now, 3600, 24)));
  }
}
BENCHMARK(agents_of_a_day)->Arg(50)->Arg(2000)->Unit(benchmark::kMillisecond);

void dimensions_of_a_day(benchmark::State& state) {
  const Day day(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(make_dimensions(day.snapshot()));
}
BENCHMARK(dimensions_of_a_day)->Arg(50)->Arg(2000)->Unit(benchmark::kMillisecond);

/// What readers hold the export thread up for: the slots that are open.
void slots_of_a_day(benchmark::State& state) {
  const Day day(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(day.snapshot());
}
BENCHMARK(slots_of_a_day)->Arg(50)->Arg(2000)->Unit(benchmark::kMicrosecond);

void encode_two_spans(benchmark::State& state) {
  Recorded recorded;
  ProtoWriter out;
  for (auto _ : state) {
    out.clear();
    otlp::encode_spans(recorded.request, out);
    benchmark::DoNotOptimize(out.bytes());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(encode_two_spans);

void access_log_line(benchmark::State& state) {
  Recorded recorded;
  std::string line;
  for (auto _ : state) {
    line.clear();
    append_access_log(line, recorded.request, base::LogFormat::kJson);
    benchmark::DoNotOptimize(line);
  }
  state.counters["bytes"] = static_cast<double>(line.size());
}
BENCHMARK(access_log_line);

/// A call whose label set has no place in the budget.
void metrics_of_a_folded_call(benchmark::State& state) {
  LabelBudgets budgets(0);
  ShardMetrics metrics(budgets);
  const SampleCall sample;
  for (auto _ : state) {
    metrics.on_call_started(sample.call.route, sample.call.agent);
    metrics.on_call_accepted({sample.call.route, sample.call.agent, sample.call.requested_model, true, 200});
    metrics.on_request_finished(sample.request);
  }
}
BENCHMARK(metrics_of_a_folded_call);

/// `range(0)` label sets, the same on each of `range(1)` shards. `set_bytes`: memory for one of them.
void scrape(benchmark::State& state, ExpositionFormat format, SpansRecorded spans = SpansRecorded::kNo,
            NativeHistograms native = NativeHistograms::kNo) {
  const auto bytes_before = read_heap().used_bytes;
  LabelBudgets budgets(static_cast<std::size_t>(state.range(0)));
  std::deque<ShardMetrics> shards;
  std::vector<SeriesSource*> sources;
  SampleCall sample;
  for (std::int64_t n = 0; n < state.range(1); ++n) {
    sources.push_back(&shards.emplace_back(budgets, ShardMetrics::Retirement(), native).series());
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const std::string model = "model-" + std::to_string(i);
      sample.call.requested_model = model;
      fill_set(shards.back(), sample, spans);
    }
  }
  Scrape scrape(sources, "1");
  scrape.collect();
  const auto bytes = read_heap().used_bytes - bytes_before;
  state.counters["set_bytes"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
  {
    const auto before = read_heap().used_bytes;
    const Snapshot snapshot = scrape.collect();
    state.counters["snapshot_bytes"] = static_cast<double>(read_heap().used_bytes - before);
  }
  ByteBuffer piece;
  std::size_t page_bytes = 0;
  std::ptrdiff_t lines = 0;
  for (auto _ : state) {
    page_bytes = 0;
    lines = 0;
    Exposition exposition(format, scrape.collect());
    for (; exposition.append_piece(piece); piece.clear()) {
      page_bytes += piece.size();
      lines += std::ranges::count(piece.bytes(), '\n');
    }
  }
  state.counters["bytes"] = static_cast<double>(page_bytes);
  state.counters["lines"] = static_cast<double>(lines);
}
BENCHMARK_CAPTURE(scrape, text, ExpositionFormat::kText)
    ->Args({1, 8})
    ->Args({2000, 1})
    ->Args({2000, 8})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scrape, open_metrics, ExpositionFormat::kOpenMetrics)
    ->Args({2000, 8})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scrape, protobuf, ExpositionFormat::kProtobuf)
    ->Args({2000, 8})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scrape, open_metrics_with_exemplars, ExpositionFormat::kOpenMetrics, SpansRecorded::kYes)
    ->Args({2000, 1})
    ->Args({2000, 8})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scrape, native_protobuf, ExpositionFormat::kProtobuf, SpansRecorded::kNo,
                  NativeHistograms::kYes)
    ->Args({2000, 1})
    ->Args({2000, 8})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace archestra::telemetry
