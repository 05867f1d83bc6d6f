// Everything telemetry owns: an observer with metrics and ring for each shard, the backlog of encoded spans,
// and the figures about export itself.
//
// A record that is in its ring is acknowledged: where there is a folder, rings and backlog lie in it, and
// what they hold outlives the process, however it ends. The next one sends it.
//
//   shard threads   observer(i)
//   export thread   adopt_orphans(), drain() again and again, traces(), logs(), exporter_metrics(),
//                   try_encode_metrics()
//   any thread      collect_metrics()
//
// Between shard and export thread there is only the ring: nobody is woken, the export thread looks
// again after pause(). It makes no threads itself, apart from what the LogWriter is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "telemetry/health.h"
#include "telemetry/history/history.h"
#include "telemetry/log/log_writer.h"
#include "telemetry/metrics/exporter_metrics.h"
#include "telemetry/metrics/policy_set_metrics.h"
#include "telemetry/metrics/scrape.h"
#include "telemetry/metrics/store_metrics.h"
#include "telemetry/otlp/metric_encoder.h"
#include "telemetry/otlp/request_frame.h"
#include "telemetry/otlp/span_encoder.h"
#include "telemetry/proto_writer.h"
#include "telemetry/runtime/memory_keeper.h"
#include "telemetry/runtime/runtime_metrics.h"
#include "telemetry/shard_observer.h"
#include "telemetry/spool/backlog.h"

namespace archestra::telemetry {

/// Where what is not sent yet waits.
struct UnsentOptions {
  std::string folder = {};  ///< of all instances; "" for memory alone
  bool has_named_collector =
      true;  ///< somebody has configured where it is: worth a place on the disk at once
  std::size_t disk_bytes_max = std::size_t{256} << 20;  ///< of each signal
  base::Duration age_max = std::chrono::hours(24);
  std::uint64_t memory_items_max = 2048;  ///< of each signal, where there is no place on the disk
};

class Telemetry {
 public:
  struct Options {
    std::size_t shards = 1;
    ShardObserver::Options shard{};
    base::LogLevel access_log_level = base::LogLevel::kInfo;  ///< at first
    base::LogFormat log_format = base::LogFormat::kJson;
    otlp::Resource resource{};
    UnsentOptions unsent{};
    bool exports_logs = false;  ///< the log of calls goes to a collector too
    otlp::SpanNames span_names = otlp::SpanNames::kProvider;
    std::size_t label_sets_max = kLabelSetsDefault;
    History::Options history{};
  };
  /// `log` outlives it.
  Telemetry(const Options& options, LogWriter& log);
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;
  ~Telemetry();

  // Any thread, while the others run.

  AccessLogLevel& access_log_level() { return access_log_level_; }
  Health health() const;

  /// For shard `shard`'s thread; lives as long as this.
  ShardObserver& observer(std::size_t shard) { return shards_[shard]; }

  // Export thread.

  /// Takes over what instances left that have died: records in their rings, and backlogs. What of it cannot
  /// be read is counted as dropped.
  void adopt_orphans();
  /// Empties the rings as they are found: each call goes into the history; a log line for each request that
  /// wants one, handed to the log writer; spans for each sampled one, into the backlog. What has no room
  /// there is counted as dropped. Returns the number of requests. Never waits.
  std::size_t drain();
  /// How long to wait before the next drain(): 20 ms, less while rings fill up faster.
  base::Duration pause() const { return pause_; }
  /// What waits for the collector.
  spool::Backlog& traces() { return traces_; }
  spool::Backlog& logs() { return logs_; }
  const otlp::RequestFrame& frame() const { return frame_; }
  ExporterMetrics& exporter_metrics() { return exporter_metrics_; }
  ExportHealth& export_health(Signal signal) { return export_health_[static_cast<std::size_t>(signal)]; }
  /// All metrics as of now. False, and nothing is done, while a scrape is under way: nobody waits for it.
  bool try_encode_metrics(otlp::MetricPortions& portions);

  /// Fed by drain(); read by any thread.
  History& history() { return history_; }

  // Control thread, before there is a scrape thread; the memory is then kept by that. What runtime() is to
  // show may come later.

  RuntimeMetrics& runtime() { return runtime_; }
  /// Written by the store's thread.
  StoreMetrics& store() { return store_; }
  /// Likewise.
  PolicySetMetrics& policy_set() { return policy_set_; }
  MemoryKeeper& memory() { return memory_; }

  // Any thread, one after the other.

  /// All metrics now. Reads /proc. The snapshot may go to another thread.
  Snapshot collect_metrics(Reader reader = Reader::kScraper);

 private:
  /// Where the record of a request lies, and where what is made of it goes.
  struct Way {
    std::uint32_t ring;
    std::uint64_t ring_end;
    spool::Spool* traces;   // null where they are not exported
    spool::Spool* logs;     // likewise, or it is there already
    bool has_line = false;  // it was logged before
  };
  std::size_t drain_shard(std::uint32_t index, History::Round& history);
  void take_request(const FinishedRequest& request, const Way& way);
  void add(Signal signal, spool::Spool& spool, const spool::EntryInfo& info);
  void note_unsent(Signal signal, spool::Backlog& backlog);
  void adopt(spool::InstanceFolder folder);
  void adopt_ring(const std::string& path, std::uint32_t index, spool::Spool* traces, spool::Spool* logs);
  ExportHealth::Facts export_facts() const;
  DropReason reason_of(Signal signal, spool::Refusal refusal) const;
  void hand_over_lines();
  void adjust_pause(std::size_t fullest_permille);
  void note_depths(std::size_t fullest_bytes);

  const ShardObserver::Options options_;
  const UnsentOptions unsent_;
  const otlp::SpanNames span_names_;
  const base::LogFormat log_format_;
  AccessLogLevel access_log_level_;
  LogWriter& log_;
  LabelBudgets budgets_;
  const std::optional<spool::InstanceFolder> folder_;  // of this instance; goes when nothing is left in it
  std::deque<ShardObserver> shards_;
  const otlp::RequestFrame frame_;
  const bool exports_logs_;
  std::vector<std::shared_ptr<spool::InstanceFolder>> left_alone_;  // with what is not exported any more
  spool::Backlog traces_;
  spool::Backlog logs_;
  ExporterMetrics exporter_metrics_;
  std::array<ExportHealth, kSignalCount> export_health_;
  History history_;
  FinishedRequest request_;  // this and the next one are used again for every record
  ProtoWriter encoded_;
  std::string lines_;
  std::size_t line_count_ = 0;
  base::Duration pause_;
  RuntimeMetrics runtime_;
  StoreMetrics store_;
  PolicySetMetrics policy_set_;
  MemoryKeeper memory_{runtime_};
  const base::WallTime started_at_ = base::wall_now();
  std::mutex scrape_mutex_;  // guards what follows; never taken by who serves traffic or writes metrics
  Scrape scrape_;
};

}  // namespace archestra::telemetry
