// The figures about export itself: what was sent, what was given up and why. The export thread alone
// writes them; all series are there from the start, so that the first drop is a rise from zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

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

/// What waits, or what may.
struct QueueDepths {
  std::size_t record_bytes = 0;    ///< in the fullest ring of a shard
  std::size_t log_line_bytes = 0;  ///< for the log writer
  std::size_t spans = 0;           ///< for the collector
};

class ExporterMetrics {
 public:
  struct DepthGauges {
    void set(const QueueDepths& depths);
    Gauge record_bytes;
    Gauge log_line_bytes;
    Gauge spans;
  };
  /// `lost_log_lines` outlives it: the log writer's own count.
  ExporterMetrics(const Counter& lost_log_lines, const QueueDepths& limits);
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

  // Any thread.
  std::uint64_t spans(ExportResult result) const { return spans_[static_cast<std::size_t>(result)].value(); }
  std::uint64_t dropped(DropReason reason) const {
    return dropped_[static_cast<std::size_t>(reason)].value();
  }
  const DepthGauges& depths() const { return depths_; }
  const DepthGauges& depth_limits() const { return limits_; }

  void note_depths(const QueueDepths& depths) { depths_.set(depths); }

  /// What the scrape takes from, on its own thread.
  SeriesSource& series() { return series_.source(); }

 private:
  void publish(Metric bytes, Metric spans, const DepthGauges& depths);

  std::array<Counter, kExportResultCount> requests_;
  std::array<Counter, kExportResultCount> spans_;
  std::array<Counter, kDropReasonCount> dropped_;
  DepthGauges depths_;
  DepthGauges limits_;
  FixedSeries series_;
};

}  // namespace archestra::telemetry
