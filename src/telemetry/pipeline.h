// Everything telemetry owns: an observer with metrics and ring for each shard, the queue of encoded
// spans, and the figures about export itself.
//
//   shard threads   observer(i)
//   export thread   drain() again and again, take_batch(), exporter_metrics()
//   scrape thread   append_metrics()
//
// Between shard and export thread there is only the ring: nobody is woken, the export thread looks
// again after pause(). It makes no threads itself, apart from what the LogWriter is.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "telemetry/health.h"
#include "telemetry/history/history.h"
#include "telemetry/log/log_writer.h"
#include "telemetry/metrics/exporter_metrics.h"
#include "telemetry/metrics/exposition_format.h"
#include "telemetry/metrics/policy_set_metrics.h"
#include "telemetry/metrics/scrape.h"
#include "telemetry/metrics/store_metrics.h"
#include "telemetry/otlp/span_queue.h"
#include "telemetry/runtime/memory_keeper.h"
#include "telemetry/runtime/runtime_metrics.h"
#include "telemetry/shard_observer.h"

namespace archestra::telemetry {

class Telemetry {
 public:
  struct Options {
    std::size_t shards = 1;
    ShardObserver::Options shard{};
    base::LogLevel access_log_level = base::LogLevel::kInfo;  ///< at first
    base::LogFormat log_format = base::LogFormat::kJson;
    otlp::Resource resource{};
    otlp::SpanQueue::Limits spans{};
    otlp::SpanNames span_names = otlp::SpanNames::kProvider;
    std::size_t label_sets_max = kLabelSetsDefault;
    History::Options history{};
  };
  /// `log` outlives it.
  Telemetry(const Options& options, LogWriter& log);
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  // Any thread, while the others run.

  AccessLogLevel& access_log_level() { return access_log_level_; }
  Health health() const;

  /// For shard `shard`'s thread; lives as long as this.
  ShardObserver& observer(std::size_t shard) { return shards_[shard]; }

  // Export thread.

  /// Empties the rings as they are found: each call goes into the history; a log line for each request that
  /// wants one, handed to the log writer; spans for each sampled one, into the queue. What has no room there
  /// is counted as dropped. Returns the number of requests. Never waits.
  std::size_t drain();
  /// How long to wait before the next drain(): 20 ms, less while rings fill up faster.
  base::Duration pause() const { return pause_; }
  /// The next request to post. False where there is none.
  bool take_batch(otlp::SpanBatch& out) { return spans_.take_batch(out); }
  /// After it has been posted, or given up.
  void give_back(otlp::SpanBatch batch) { spans_.give_back(std::move(batch)); }
  /// Whether take_batch() would give a full batch: export then, without waiting for the delay.
  bool has_full_batch() const { return spans_.has_full_batch(); }
  std::size_t queued_spans() const { return spans_.spans(); }
  ExporterMetrics& exporter_metrics() { return exporter_metrics_; }
  ExportHealth& export_health() { return export_health_; }

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

  // Scrape thread.

  /// Appends the page of /metrics.
  void append_metrics(std::string& out, ExpositionFormat format);

 private:
  std::size_t drain_shard(ShardObserver& shard, History::Round& history);
  void take_request(const FinishedRequest& request);
  void hand_over_lines();
  void adjust_pause(std::size_t fullest_permille);

  const ShardObserver::Options options_;
  const base::LogFormat log_format_;
  AccessLogLevel access_log_level_;
  LogWriter& log_;
  LabelBudgets budgets_;
  std::deque<ShardObserver> shards_;
  otlp::SpanQueue spans_;
  ExporterMetrics exporter_metrics_;
  ExportHealth export_health_;
  History history_;
  FinishedRequest request_;  // reused for every record
  std::string lines_;
  std::size_t line_count_ = 0;
  base::Duration pause_;
  RuntimeMetrics runtime_;
  StoreMetrics store_;
  PolicySetMetrics policy_set_;
  MemoryKeeper memory_{runtime_};
  Scrape scrape_;
};

}  // namespace archestra::telemetry
