#include "telemetry/runtime/runtime_metrics.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "telemetry/metrics/labels.h"
#include "telemetry/metrics/process_stats.h"
#include "telemetry/runtime/heap.h"

namespace archestra::telemetry {
namespace {

std::vector<std::string> list(std::string_view value) { return {std::string(value)}; }

Labels version_labels() {
  const std::string_view version = ARCHESTRA_VERSION;
  const std::size_t minor = version.find('.');
  const std::size_t patch = version.find('.', minor + 1);
  ARCHESTRA_ASSERT(patch != std::string_view::npos, "a version has three parts");
  return {
      {"version", std::string(version)},
      {"major", std::string(version.substr(0, minor))},
      {"minor", std::string(version.substr(minor + 1, patch - minor - 1))},
      {"patch", std::string(version.substr(patch + 1))},
      {"runtime", "cpp"},
      {"compiler", fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__)}};
}

Labels info_labels() {
  Labels labels = version_labels();
  labels.push_back({"allocator", std::string(allocator_name())});
  return labels;
}

/// In the buckets of the family, each delay in that of the middle of where it was counted.
HistogramValue coarse(const base::DelayHistogram::Counts& counts, std::span<const base::Duration> bounds) {
  HistogramValue value;
  std::size_t bucket = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const base::Duration delay = base::DelayHistogram::middle_of(i);
    while (bucket < bounds.size() && delay > bounds[bucket]) ++bucket;
    value.buckets[bucket] += counts[i];
    value.sum_nanos += static_cast<std::uint64_t>(delay.count()) * counts[i];
  }
  return value;
}

}  // namespace

RuntimeMetrics::RuntimeMetrics()
    : version_labels_(label_part(version_labels())), info_labels_(label_part(info_labels())) {
  show_handles("file", open_files_);
}

void RuntimeMetrics::show_over_limit(std::string_view limit, const base::Counter& connections) {
  series_.publish(Metric::kRuntimeOverLimit, list(limit), &connections);
}

void RuntimeMetrics::show_accept_pauses(const base::Counter& pauses) {
  series_.publish(Metric::kRuntimeAcceptPauses, {}, &pauses);
}

void RuntimeMetrics::show_requests(std::string_view type, const base::Gauge& under_way) {
  series_.publish(Metric::kNodejsActiveRequests, list(type), &under_way);
  series_.publish(Metric::kNodejsActiveRequestsTotal, {}, &under_way);
  series_.publish(Metric::kRuntimeActiveRequests, list(type), &under_way);
}

void RuntimeMetrics::show_handles(std::string_view type, const base::Gauge& open) {
  series_.publish(Metric::kNodejsActiveHandles, list(type), &open);
  series_.publish(Metric::kNodejsActiveHandlesTotal, {}, &open);
  series_.publish(Metric::kRuntimeActiveHandles, list(type), &open);
}

void RuntimeMetrics::show_handshakes(std::string_view type, const HandshakeCounts& counts) {
  const auto show = [&](std::string_view result, const Counter& counter) {
    series_.publish(Metric::kTlsHandshakes, {std::string(type), std::string(result)}, &counter);
  };
  show("full", counts.full);
  show("resumed", counts.resumed);
  show("failed", counts.failed);
}

void RuntimeMetrics::show_buffers(const base::PoolStats& pool) {
  series_.publish(Metric::kRuntimeBuffers, list("in_use"), &pool.bytes_in_use);
  series_.publish(Metric::kRuntimeBuffers, list("idle"), &pool.bytes_idle);
}

Histogram& RuntimeMetrics::add_reclaims(std::string_view kind) {
  Histogram& reclaims = reclaims_.emplace_back(family_of(Metric::kRuntimeReclaimDuration).bounds);
  series_.publish(Metric::kNodejsGcDuration, list(kind), &reclaims);
  series_.publish(Metric::kRuntimeReclaimDuration, list(kind), &reclaims);
  return reclaims;
}

void RuntimeMetrics::read(const ProcessStats& process, Reader reader, std::vector<Figure>& out) {
  open_files_.set(process.open_files);
  read_lag(reader, out);
  read_heap_into(out);
  out.push_back({Metric::kNodejsVersionInfo, &version_labels_, std::uint64_t{1}});
  out.push_back({Metric::kRuntimeInfo, &info_labels_, std::uint64_t{1}});
}

void RuntimeMetrics::read_lag(Reader reader, std::vector<Figure>& out) {
  const LagFigures lag = lag_.take(lag_windows_[static_cast<std::size_t>(reader)]);
  const auto both = [&](Metric nodejs, Metric own, base::Duration value) {
    out.push_back({nodejs, nullptr, base::to_seconds(value)});
    out.push_back({own, nullptr, base::to_seconds(value)});
  };
  out.push_back({Metric::kNodejsLag, nullptr, base::to_seconds(lag.max)});
  both(Metric::kNodejsLagMin, Metric::kRuntimeLagMin, lag.min);
  both(Metric::kNodejsLagMax, Metric::kRuntimeLagMax, lag.max);
  both(Metric::kNodejsLagMean, Metric::kRuntimeLagMean, lag.mean);
  both(Metric::kNodejsLagStddev, Metric::kRuntimeLagStddev, lag.stddev);
  both(Metric::kNodejsLagP50, Metric::kRuntimeLagP50, lag.p50);
  both(Metric::kNodejsLagP90, Metric::kRuntimeLagP90, lag.p90);
  both(Metric::kNodejsLagP99, Metric::kRuntimeLagP99, lag.p99);
  out.push_back({Metric::kRuntimeLag, nullptr, coarse(lag_.total(), family_of(Metric::kRuntimeLag).bounds)});
}

void RuntimeMetrics::read_heap_into(std::vector<Figure>& out) {
  const HeapFigures heap = read_heap();
  out.push_back({Metric::kNodejsHeapUsed, nullptr, heap.used_bytes});
  out.push_back({Metric::kNodejsHeapTotal, nullptr, heap.held_bytes});
  out.push_back({Metric::kRuntimeHeapUsed, nullptr, heap.used_bytes});
  out.push_back({Metric::kRuntimeHeapHeld, nullptr, heap.held_bytes});
  out.push_back({Metric::kRuntimeHeapUnused, nullptr, heap.unused_bytes});
}

}  // namespace archestra::telemetry
