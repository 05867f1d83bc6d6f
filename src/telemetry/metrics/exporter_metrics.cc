#include "telemetry/metrics/exporter_metrics.h"

#include <chrono>
#include <string>
#include <utility>

namespace archestra::telemetry {
namespace {

constexpr std::array<Signal, kSignalCount> kSignals{Signal::kTraces, Signal::kLogs, Signal::kMetrics};

/// Whether a signal can lose anything in that way.
bool can_happen(Signal signal, DropReason reason) {
  if (reason == DropReason::kWriterFull) return signal == Signal::kLogs;
  // Points are not kept: the next ones say more.
  return signal != Signal::kMetrics || reason == DropReason::kExportFailed || reason == DropReason::kTooLarge;
}

}  // namespace

std::string_view name_of(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "traces";
    case Signal::kLogs:
      return "logs";
    case Signal::kMetrics:
      return "metrics";
  }
  return "";
}

std::string_view name_of(DropReason reason) {
  constexpr std::array<std::string_view, kDropReasonCount> kNames{
      "queue_full",       "no_collector", "spool_full",    "spool_age", "disk_full",
      "spool_unreadable", "too_large",    "export_failed", "shutdown",  "writer_full"};
  return kNames[static_cast<std::size_t>(reason)];
}

ExporterMetrics::ExporterMetrics(const Counter& lost_log_lines, const QueueDepths& limits)
    : lost_log_lines_(lost_log_lines) {
  publish_results(Signal::kTraces, Metric::kOtlpExportSpans);
  publish_results(Signal::kLogs, Metric::kOtlpExportLogRecords);
  publish_results(Signal::kMetrics, Metric::kOtlpExportDataPoints);
  for (const Signal signal : kSignals) {
    const std::string name(name_of(signal));
    for (std::size_t i = 0; i < kDropReasonCount; ++i) {
      const auto reason = static_cast<DropReason>(i);
      if (can_happen(signal, reason))
        series_.publish(Metric::kTelemetryDropped, {name, std::string(name_of(reason))},
                        &of(signal).dropped[i]);
    }
    if (signal == Signal::kMetrics) continue;
    const UnsentGauges& unsent = of(signal).unsent;
    series_.publish(Metric::kTelemetryUnsent, {name}, &unsent.items);
    series_.publish(Metric::kTelemetryOldestUnsent, {name}, &unsent.oldest_seconds);
    series_.publish(Metric::kTelemetrySpoolBytes, {name}, &unsent.disk_bytes);
    series_.publish(Metric::kTelemetrySpoolMaxBytes, {name}, &unsent.disk_bytes_max);
  }
  series_.publish(Metric::kTelemetryDropped, {"logs", "write_failed"}, &lost_log_lines);

  limits_.set(limits);
  publish_depths(Metric::kTelemetryQueueBytes, Metric::kTelemetryQueueSpans, depths_);
  publish_depths(Metric::kTelemetryQueueMaxBytes, Metric::kTelemetryQueueSpansMax, limits_);
}

void ExporterMetrics::publish_results(Signal signal, Metric items) {
  constexpr std::array<std::string_view, kExportResultCount> kNames{"success", "rejected", "retried",
                                                                    "failed"};
  for (std::size_t i = 0; i < kExportResultCount; ++i) {
    const std::string name(kNames[i]);
    // A request is not rejected, and what is in it not retried.
    if (static_cast<ExportResult>(i) != ExportResult::kRejected)
      series_.publish(Metric::kOtlpExportRequests, {std::string(name_of(signal)), name},
                      &of(signal).requests[i]);
    if (static_cast<ExportResult>(i) != ExportResult::kRetried)
      series_.publish(items, {name}, &of(signal).items[i]);
  }
}

void ExporterMetrics::publish_depths(Metric bytes, Metric spans, const DepthGauges& depths) {
  series_.publish(bytes, {"records"}, &depths.record_bytes);
  series_.publish(bytes, {"log_lines"}, &depths.log_line_bytes);
  series_.publish(spans, {}, &depths.spans);
}

void ExporterMetrics::DepthGauges::set(const QueueDepths& depths) {
  record_bytes.set(static_cast<std::int64_t>(depths.record_bytes));
  log_line_bytes.set(static_cast<std::int64_t>(depths.log_line_bytes));
  spans.set(static_cast<std::int64_t>(depths.spans));
}

void ExporterMetrics::note_unsent(Signal signal, const Unsent& unsent) {
  UnsentGauges& gauges = of(signal).unsent;
  gauges.items.set(static_cast<std::int64_t>(unsent.items));
  gauges.disk_bytes.set(static_cast<std::int64_t>(unsent.disk_bytes));
  gauges.disk_bytes_max.set(static_cast<std::int64_t>(unsent.disk_bytes_max));
  gauges.oldest_seconds.set(std::chrono::duration_cast<std::chrono::seconds>(unsent.oldest).count());
}

void ExporterMetrics::append_dropped(std::vector<Dropped>& out) const {
  for (const Signal signal : kSignals)
    for (std::size_t i = 0; i < kDropReasonCount; ++i)
      if (const auto reason = static_cast<DropReason>(i); can_happen(signal, reason))
        out.push_back({name_of(signal), name_of(reason), of(signal).dropped[i].value()});
  out.push_back({"logs", "write_failed", lost_log_lines_.value()});
}

}  // namespace archestra::telemetry
