#include "telemetry/metrics/exporter_metrics.h"

#include <utility>
#include <vector>

namespace archestra::telemetry {

ExporterMetrics::ExporterMetrics(const Counter& lost_log_lines) {
  const auto requests = [&](ExportResult result, const char* name) {
    publish(Metric::kOtlpExportRequests, {name}, requests_[static_cast<std::size_t>(result)]);
  };
  requests(ExportResult::kSuccess, "success");
  requests(ExportResult::kRetried, "retried");
  requests(ExportResult::kFailed, "failed");

  const auto spans = [&](ExportResult result, const char* name) {
    publish(Metric::kOtlpExportSpans, {name}, spans_[static_cast<std::size_t>(result)]);
  };
  spans(ExportResult::kSuccess, "success");
  spans(ExportResult::kRejected, "rejected");
  spans(ExportResult::kFailed, "failed");

  const auto dropped = [&](DropReason reason, const char* signal, const char* name) {
    publish(Metric::kTelemetryDropped, {signal, name}, dropped_[static_cast<std::size_t>(reason)]);
  };
  dropped(DropReason::kQueueFull, "traces", "queue_full");
  dropped(DropReason::kExportFailed, "traces", "export_failed");
  dropped(DropReason::kShutdown, "traces", "shutdown");
  dropped(DropReason::kWriterFull, "logs", "writer_full");
  publish(Metric::kTelemetryDropped, {"logs", "write_failed"}, lost_log_lines);
}

void ExporterMetrics::publish(Metric metric, std::vector<std::string> values, const Counter& counter) {
  labels_.push_back({std::move(values), {}});
  series_.series.publish({metric, &labels_.back(), "", &counter});
}

}  // namespace archestra::telemetry
