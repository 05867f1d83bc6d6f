// The figures about export itself: what was sent, what was given up and why. The export thread alone
// writes them; all series are there from the start, so that the first drop is a rise from zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

/// What became of one export request, or of the spans in it.
enum class ExportResult : std::uint8_t {
  kSuccess,   ///< the collector took it
  kRejected,  ///< spans it answered to have rejected; a request with such spans counts as success
  kRetried,   ///< a request that failed in a way that allows another try
  kFailed,    ///< failed for good; its spans are dropped
};
inline constexpr std::size_t kExportResultCount = 4;

enum class DropReason : std::uint8_t {
  kQueueFull,     ///< spans: the queue before the exporter
  kExportFailed,  ///< spans: the collector refused them, or could not be reached for too long
  kShutdown,      ///< spans: still there when the time to stop was up
  kWriterFull,    ///< log lines: too much waits to be written
};
inline constexpr std::size_t kDropReasonCount = 4;

class ExporterMetrics {
 public:
  /// `lost_log_lines` outlives it: the log writer's own count.
  explicit ExporterMetrics(const Counter& lost_log_lines);
  ExporterMetrics(const ExporterMetrics&) = delete;
  ExporterMetrics& operator=(const ExporterMetrics&) = delete;

  void count_request(ExportResult result) { requests_[static_cast<std::size_t>(result)].add(); }
  void count_spans(ExportResult result, std::size_t spans) {
    spans_[static_cast<std::size_t>(result)].add(spans);
  }
  /// Spans or log lines, as the reason says.
  void count_dropped(DropReason reason, std::size_t items) {
    dropped_[static_cast<std::size_t>(reason)].add(items);
  }

  /// What the scrape takes from, on its own thread.
  SeriesSource& series() { return series_; }

 private:
  void publish(Metric metric, std::vector<std::string> values, const Counter& counter);

  std::array<Counter, kExportResultCount> requests_;
  std::array<Counter, kExportResultCount> spans_;
  std::array<Counter, kDropReasonCount> dropped_;
  std::deque<LabelBase> labels_;
  SeriesSource series_;
};

}  // namespace archestra::telemetry
