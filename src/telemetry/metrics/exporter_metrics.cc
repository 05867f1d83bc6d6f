#include "telemetry/metrics/exporter_metrics.h"

#include <utility>
#include <vector>

namespace archestra::telemetry {

ExporterMetrics::ExporterMetrics(const Counter& lost_log_lines, const QueueDepths& limits) {
  const auto requests = [&](ExportResult result, const char* name) {
    series_.publish(Metric::kOtlpExportRequests, {name}, &requests_[static_cast<std::size_t>(result)]);
  };
  requests(ExportResult::kSuccess, "success");
  requests(ExportResult::kRetried, "retried");
  requests(ExportResult::kFailed, "failed");

  const auto spans = [&](ExportResult result, const char* name) {
    series_.publish(Metric::kOtlpExportSpans, {name}, &spans_[static_cast<std::size_t>(result)]);
  };
  spans(ExportResult::kSuccess, "success");
  spans(ExportResult::kRejected, "rejected");
  spans(ExportResult::kFailed, "failed");

  const auto dropped = [&](DropReason reason, const char* signal, const char* name) {
    series_.publish(Metric::kTelemetryDropped, {signal, name}, &dropped_[static_cast<std::size_t>(reason)]);
  };
  dropped(DropReason::kQueueFull, "traces", "queue_full");
  dropped(DropReason::kExportFailed, "traces", "export_failed");
  dropped(DropReason::kShutdown, "traces", "shutdown");
  dropped(DropReason::kWriterFull, "logs", "writer_full");
  series_.publish(Metric::kTelemetryDropped, {"logs", "write_failed"}, &lost_log_lines);

  limits_.set(limits);
  publish(Metric::kTelemetryQueueBytes, Metric::kTelemetryQueueSpans, depths_);
  publish(Metric::kTelemetryQueueMaxBytes, Metric::kTelemetryQueueSpansMax, limits_);
}

void ExporterMetrics::DepthGauges::set(const QueueDepths& depths) {
  record_bytes.set(static_cast<std::int64_t>(depths.record_bytes));
  log_line_bytes.set(static_cast<std::int64_t>(depths.log_line_bytes));
  spans.set(static_cast<std::int64_t>(depths.spans));
}

void ExporterMetrics::publish(Metric bytes, Metric spans, const DepthGauges& depths) {
  series_.publish(bytes, {"records"}, &depths.record_bytes);
  series_.publish(bytes, {"log_lines"}, &depths.log_line_bytes);
  series_.publish(spans, {}, &depths.spans);
}

}  // namespace archestra::telemetry
