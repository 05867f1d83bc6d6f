// What a shard tells telemetry: metrics at once, in cells of its own, and a copy of each call, and of
// each other request that somebody wants as span or log line, into the shard's ring. The shard's thread
// alone, if not said otherwise; nothing here makes a system call, and the one lock is taken where a label set
// is seen for the first or last time (metrics/label_budget.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/byte_ring.h"
#include "call/call_observer.h"
#include "telemetry/log/access_log_level.h"
#include "telemetry/metrics/shard_metrics.h"
#include "telemetry/trace/sampler.h"

namespace archestra::telemetry {

class ShardObserver final : public call::CallObserver {
 public:
  struct Options {
    Sampler sampler{1.0};
    bool exports_spans = true;
    std::size_t ring_bytes = std::size_t{2} << 20;  ///< a power of two
    ShardMetrics::Retirement retirement{};
    NativeHistograms native_histograms = NativeHistograms::kNo;
    bool has_exemplars = true;  ///< metrics name some of the spans that are exported
  };
  /// `budgets` and `access_log_level` outlive it. `ring`: memory for ring_bytes (ByteRing::bytes_for).
  ShardObserver(const Options& options, const AccessLogLevel& access_log_level, LabelBudgets& budgets,
                base::MappedMemory ring);
  /// With a ring in memory of the process.
  ShardObserver(const Options& options, const AccessLogLevel& access_log_level, LabelBudgets& budgets);

  bool should_sample(const base::TraceId& trace_id, std::optional<bool> parent_sampled) override;
  void on_agent_changed(const model::AgentRef& before, const model::AgentRef& after) override;
  void on_call_started(const call::Route& route, const model::AgentRef& agent) override;
  void on_call_accepted(const call::AcceptedCall& call) override;
  void on_request_finished(const call::RequestRecord& record) override;

  /// Its consuming side is the export thread's.
  base::ByteRing& ring() { return ring_; }
  /// What the scrape takes from, on its own thread.
  SeriesSource& series() { return metrics_.series(); }

  // Spans, log lines and calls of the history that had no room in the ring. Any thread.
  std::uint64_t lost_spans() const { return metrics_.lost_spans(); }
  std::uint64_t lost_lines() const { return metrics_.lost_lines(); }
  std::uint64_t lost_calls() const { return metrics_.lost_calls(); }

 private:
  const Options options_;
  const AccessLogLevel& access_log_level_;
  base::ByteRing ring_;
  ShardMetrics metrics_;
};

}  // namespace archestra::telemetry
