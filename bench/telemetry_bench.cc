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
  ShardMetrics metrics(budgets);
  const SampleCall sample;
  for (auto _ : state) {
    metrics.on_call_started(sample.call.route, sample.call.agent);
    metrics.on_call_accepted({sample.call.route, sample.call.agent, sample.call.requested_model, true, 200});
    metrics.on_request_finished(sample.request);
  }
}
BENCHMARK(metrics_of_a_call);

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
  ShardObserver observer({}, level, budgets);
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
BENCHMARK(observe_a_call);

/// A record to read from; `request` views it.
struct Recorded {
  Recorded() {
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

/// A call of each kind that a set is likely to see in its life: makes its 145 lines or so.
void fill_set(ShardMetrics& shard, SampleCall& sample) {
  using call::Outcome;
  constexpr std::array<std::pair<int, Outcome>, 5> kEnds{{{200, Outcome::kCompleted},
                                                          {200, Outcome::kClientCancelled},
                                                          {429, Outcome::kUpstreamError},
                                                          {500, Outcome::kUpstreamError},
                                                          {503, Outcome::kUpstreamError}}};
  std::array<call::TryRecord, 2> tries{sample.tries[0], sample.tries[0]};  // the model stays a label
  for (const auto& [status, outcome] : kEnds) {
    tries[0].status_code = status;
    sample.call.tries = tries;
    sample.call.outcome = outcome;
    sample.call.usage.provenance =
        outcome == Outcome::kClientCancelled ? call::Provenance::kEstimate : call::Provenance::kProvider;
    shard.on_call_started(sample.call.route, sample.call.agent);
    shard.on_request_finished(sample.request);
  }
}

/// `range(0)` label sets, the same on each of `range(1)` shards. `set_bytes`: memory for one of them.
void scrape(benchmark::State& state, ExpositionFormat format) {
  const auto bytes_before = read_heap().used_bytes;
  LabelBudgets budgets(static_cast<std::size_t>(state.range(0)));
  std::deque<ShardMetrics> shards;
  std::vector<SeriesSource*> sources;
  SampleCall sample;
  for (std::int64_t n = 0; n < state.range(1); ++n) {
    sources.push_back(&shards.emplace_back(budgets).series());
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const std::string model = "model-" + std::to_string(i);
      sample.call.requested_model = model;
      fill_set(shards.back(), sample);
    }
  }
  Scrape scrape(sources, "1");
  scrape.collect();
  const auto bytes = read_heap().used_bytes - bytes_before;
  std::string text;
  state.counters["set_bytes"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
  for (auto _ : state) {
    text.clear();
    append_exposition(text, format, scrape.collect());
  }
  state.counters["bytes"] = static_cast<double>(text.size());
  state.counters["lines"] = static_cast<double>(std::ranges::count(text, '\n'));
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

}  // namespace
}  // namespace archestra::telemetry
