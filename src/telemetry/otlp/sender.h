// Sends what waits for the collector, batch after batch, oldest first, one request at a time, and counts what
// becomes of it. What fails in a way that may pass is tried again, with pauses that grow and have jitter, so
// that many gateways do not come back at the same moment. On the export thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "net/event_loop.h"
#include "net/readiness.h"
#include "net/task.h"
#include "telemetry/health.h"
#include "telemetry/metrics/exporter_metrics.h"
#include "telemetry/otlp/client.h"
#include "telemetry/otlp/reachability.h"
#include "telemetry/otlp/request_frame.h"
#include "telemetry/spool/backlog.h"

namespace archestra::telemetry::otlp {

/// When batches are sent.
struct BatchOptions {
  std::uint64_t items_max = 512;                            ///< OTEL_BSP_MAX_EXPORT_BATCH_SIZE
  base::Duration schedule_delay = std::chrono::seconds(5);  ///< OTEL_BSP_SCHEDULE_DELAY
  /// OTEL_BSP_EXPORT_TIMEOUT, all tries together. A batch that a collector, which is there, does not take in
  /// this time may be one that never can: it must not hold up the others for ever. In memory it is dropped,
  /// else it goes behind the others.
  base::Duration timeout = std::chrono::minutes(5);
};

class Sender {
 public:
  /// All outlive it. `frame` is for what has lost its own.
  Sender(Signal signal, net::EventLoop& loop, Client& client, spool::Backlog& backlog,
         const RequestFrame& frame, const BatchOptions& options, ExporterMetrics& metrics,
         ExportHealth& health);
  Sender(const Sender&) = delete;

  /// Until end() and all is sent, or its limit has passed. What then waits in memory alone is counted as
  /// dropped.
  net::Task<void> run();
  /// Something was added.
  void note_added() {
    if (has_full_batch()) ready_.set_readable();
  }
  /// Nothing will be added any more. Sends what waits until `by`, as long as the collector is there.
  void end(base::MonotonicTime by);

 private:
  enum class Done : bool { kNo, kYes };
  bool has_full_batch() const { return backlog_.items() >= options_.items_max; }
  net::Task<Done> deliver();
  void make_body();
  void on_accepted(const PartialSuccess& partial);
  void give_up(DropReason reason);
  void put_behind();
  net::Task<bool> pause_until(base::MonotonicTime next, bool collector_answers);
  base::MonotonicTime deadline_in(base::Duration duration) const {
    return std::min(loop_.now() + duration, end_by_);
  }
  static void on_end_limit(void* self);

  const Signal signal_;
  net::EventLoop& loop_;
  Client& client_;
  spool::Backlog& backlog_;
  const RequestFrame& frame_;
  const BatchOptions options_;
  ExporterMetrics& metrics_;
  Reachability reachability_;
  base::Random random_ = base::Random::from_entropy();

  // The batch that is being sent, and its request's body.
  spool::Batch batch_;
  std::string prefix_;
  std::string suffix_;
  std::string compressed_;
  std::vector<std::string_view> pieces_;

  // A Readiness has one waiter for an interest.
  net::Readiness ready_;      // readable while a full batch waits, and from end() on
  net::Readiness ending_;     // readable from end() on
  net::Readiness end_limit_;  // gone once the limit has passed
  base::MonotonicTime end_by_ = base::kNever;
  net::Timer end_timer_{&Sender::on_end_limit, this};
};

}  // namespace archestra::telemetry::otlp
