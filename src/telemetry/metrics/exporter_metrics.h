// The figures about export itself: what was sent, what waits, what was given up and why. The export thread
// alone writes them; all series are there from the start, so that the first drop is a rise from zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "telemetry/health.h"
#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

/// What is exported, as the label `signal` has it.
enum class Signal : std::uint8_t { kTraces, kLogs, kMetrics };
inline constexpr std::size_t kSignalCount = 3;
std::string_view name_of(Signal signal);

/// What became of one export request, or of what was in it.
enum class ExportResult : std::uint8_t {
  kSuccess,   ///< the collector took it
  kRejected,  ///< items it answered to have rejected; a request with such items counts as success
  kRetried,   ///< a request that failed in a way that allows another try
  kFailed,    ///< failed for good; its items are dropped
};
inline constexpr std::size_t kExportResultCount = 4;

/// Why spans, log records or data points were given up.
enum class DropReason : std::uint8_t {
  kQueueFull,        ///< they wait in memory alone, and as many wait as may
  kNoCollector,      ///< the same, where nobody has named a collector and none was ever reached
  kSpoolFull,        ///< as many bytes wait on the disk as may
  kSpoolAge,         ///< they waited too long
  kDiskFull,         ///< the disk takes no more, and as many wait in memory as may
  kSpoolUnreadable,  ///< what an earlier process left is damaged, or another version's
  kTooLarge,         ///< more bytes than one entry may have
  kExportFailed,     ///< the collector refused them
  kShutdown,         ///< they waited in memory when the process ended
  kWriterFull,       ///< log lines on standard output: too much waits to be written
};
inline constexpr std::size_t kDropReasonCount = 10;
std::string_view name_of(DropReason reason);

/// What waits, or what may.
struct QueueDepths {
  std::size_t record_bytes = 0;    ///< in the fullest ring of a shard
  std::size_t log_line_bytes = 0;  ///< for the log writer
  std::size_t spans = 0;           ///< for the collector, in memory alone
};

/// What one signal has not sent.
struct Unsent {
  std::uint64_t items = 0;
  std::size_t disk_bytes = 0;
  std::size_t disk_bytes_max = 0;
  base::Duration oldest{};  ///< since it was made
};

class ExporterMetrics {
 public:
  struct DepthGauges {
    void set(const QueueDepths& depths);
    Gauge record_bytes;
    Gauge log_line_bytes;
    Gauge spans;
  };
  struct UnsentGauges {
    Gauge items;
    Gauge disk_bytes;
    Gauge disk_bytes_max;
    Gauge oldest_seconds;
  };
  /// `lost_log_lines` outlives it: the log writer's own count.
  ExporterMetrics(const Counter& lost_log_lines, const QueueDepths& limits);
  ExporterMetrics(const ExporterMetrics&) = delete;
  ExporterMetrics& operator=(const ExporterMetrics&) = delete;

  void count_request(Signal signal, ExportResult result) { of(signal).requests[index_of(result)].add(); }
  /// Spans, log records or data points.
  void count_items(Signal signal, ExportResult result, std::uint64_t items) {
    of(signal).items[index_of(result)].add(items);
  }
  void count_dropped(Signal signal, DropReason reason, std::uint64_t items) {
    of(signal).dropped[index_of(reason)].add(items);
  }
  void note_depths(const QueueDepths& depths) { depths_.set(depths); }
  void note_unsent(Signal signal, const Unsent& unsent);

  // Any thread.
  std::uint64_t items(Signal signal, ExportResult result) const {
    return of(signal).items[index_of(result)].value();
  }
  const UnsentGauges& unsent(Signal signal) const { return of(signal).unsent; }
  const DepthGauges& depths() const { return depths_; }
  const DepthGauges& depth_limits() const { return limits_; }
  /// All that is published here as dropped.
  void append_dropped(std::vector<Dropped>& out) const;

  /// What the scrape takes from.
  SeriesSource& series() { return series_.source(); }

 private:
  struct OfSignal {
    std::array<Counter, kExportResultCount> requests;
    std::array<Counter, kExportResultCount> items;
    std::array<Counter, kDropReasonCount> dropped;
    UnsentGauges unsent;
  };
  template <class Enum>
  static std::size_t index_of(Enum value) {
    return static_cast<std::size_t>(value);
  }
  OfSignal& of(Signal signal) { return signals_[index_of(signal)]; }
  const OfSignal& of(Signal signal) const { return signals_[index_of(signal)]; }
  void publish_results(Signal signal, Metric items);
  void publish_depths(Metric bytes, Metric spans, const DepthGauges& depths);

  const Counter& lost_log_lines_;
  std::array<OfSignal, kSignalCount> signals_;
  DepthGauges depths_;
  DepthGauges limits_;
  FixedSeries series_;
};

}  // namespace archestra::telemetry
