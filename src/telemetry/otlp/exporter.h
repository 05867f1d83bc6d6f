// The export thread: empties the rings of the shards, sends what waits for the collector, and now and then
// the metrics. A collector that is down, slow or refusing costs nobody anything but the disk: the shards only
// ever see their rings.
#pragma once

#include <memory>
#include <optional>
#include <thread>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "base/stats.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/task.h"
#include "net/tls_sessions.h"
#include "telemetry/otlp/client.h"
#include "telemetry/otlp/metric_reader.h"
#include "telemetry/otlp/sender.h"
#include "telemetry/pipeline.h"

namespace archestra::telemetry::otlp {

struct ExporterOptions {
  // Of each signal: none, and nothing of it is sent. Rings are emptied and logged even so.
  std::optional<ClientOptions> traces = {};
  std::optional<ClientOptions> logs = {};
  std::optional<ClientOptions> metrics = {};
  BatchOptions trace_batches = {};
  BatchOptions log_batches = {};
  MetricReader::Options metric_reader = {};
  net::Addresses name_servers = {};  ///< see net::ResolverOptions
};

class Exporter {
 public:
  /// Telemetry, and what the options point to, outlive it. Starts the thread.
  Exporter(Telemetry& telemetry, const ExporterOptions& options);
  Exporter(const Exporter&) = delete;
  /// As stop() without time to send anything, where nobody called it.
  ~Exporter();

  /// Empties the rings once more, sends what waits for at most `limit`, and ends the thread. What is left is
  /// on the disk for the next process, or is counted as dropped. Any other thread; once.
  void stop(base::Duration limit);

  // Any thread may read them.
  const net::EventLoop& loop() const { return loop_; }
  /// Requests to collectors.
  const base::Gauge& requests_under_way() const { return requests_under_way_; }

 private:
  void run();
  net::Task<void> drain_loop();

  Telemetry& telemetry_;
  net::EventLoop loop_;
  base::BufferPool buffers_;
  net::Resolver resolver_;
  net::TlsSessions tls_sessions_;
  base::Gauge requests_under_way_;
  std::optional<Client> trace_client_;
  std::optional<Client> log_client_;
  std::optional<Client> metric_client_;
  std::optional<Sender> traces_;
  std::optional<Sender> logs_;
  std::optional<MetricReader> metrics_;
  net::Readiness stopping_;  // readable once stop() was called
  base::MonotonicTime stop_by_ = base::kNever;
  net::TaskGroup tasks_;
  std::thread thread_;
};

}  // namespace archestra::telemetry::otlp
