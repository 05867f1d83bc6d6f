// What telemetry costs: on the shard (counter, histogram, a finished call into metrics and ring), on
// the export thread (reading back, span encoding, log line) and on the scrape thread.
#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "telemetry/log/access_log.h"
#include "telemetry/metrics/exposition_text.h"
#include "telemetry/metrics/scrape.h"
#include "telemetry/otlp/span_encoder.h"
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
  ShardMetrics metrics;
  const SampleCall sample;
  for (auto _ : state) {
    metrics.on_call_started(sample.call.route, sample.call.agent);
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

/// All that a shard does for a call: start, metrics, record.
void observe_a_call(benchmark::State& state) {
  ShardObserver observer({});
  const SampleCall sample;
  for (auto _ : state) {
    observer.on_call_started(sample.call.route, sample.call.agent);
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
  otlp::ProtoWriter out;
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
    append_access_log(line, recorded.request);
    benchmark::DoNotOptimize(line);
  }
  state.counters["bytes"] = static_cast<double>(line.size());
}
BENCHMARK(access_log_line);

/// Eight shards with `range` label sets each, the same on all.
void scrape(benchmark::State& state) {
  std::array<ShardMetrics, 8> shards;
  std::vector<const SeriesList*> sources;
  SampleCall sample;
  for (ShardMetrics& shard : shards) {
    sources.push_back(&shard.series());
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const std::string model = "model-" + std::to_string(i);
      sample.call.requested_model = model;
      shard.on_request_finished(sample.request);
    }
  }
  Scrape scrape(sources, "1");
  std::string text;
  for (auto _ : state) {
    text.clear();
    append_text_exposition(text, scrape.collect());
  }
  state.counters["bytes"] = static_cast<double>(text.size());
}
BENCHMARK(scrape)->Arg(1)->Arg(2000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace archestra::telemetry
