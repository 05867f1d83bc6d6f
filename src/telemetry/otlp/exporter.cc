#include "telemetry/otlp/exporter.h"

#include "base/this_thread.h"

namespace archestra::telemetry::otlp {
namespace {

// How often it is looked whether another process has left something: one that was still draining when this
// one began.
constexpr base::Duration kAdoptInterval = std::chrono::seconds(5);

}  // namespace

Exporter::Exporter(Telemetry& telemetry, const ExporterOptions& options)
    : telemetry_(telemetry), resolver_(loop_, {.name_servers = options.name_servers}) {
  const ClientSurroundings surroundings{.loop = loop_,
                                        .resolver = resolver_,
                                        .sessions = tls_sessions_,
                                        .buffers = buffers_,
                                        .requests_under_way = requests_under_way_};
  if (options.traces) {
    trace_client_.emplace(surroundings, *options.traces);
    traces_.emplace(Signal::kTraces, loop_, *trace_client_, telemetry.traces(), telemetry.frame(),
                    options.trace_batches, telemetry.exporter_metrics(),
                    telemetry.export_health(Signal::kTraces));
  }
  if (options.logs) {
    log_client_.emplace(surroundings, *options.logs);
    logs_.emplace(Signal::kLogs, loop_, *log_client_, telemetry.logs(), telemetry.frame(),
                  options.log_batches, telemetry.exporter_metrics(), telemetry.export_health(Signal::kLogs));
  }
  if (options.metrics) {
    metric_client_.emplace(surroundings, *options.metrics);
    metrics_.emplace(loop_, *metric_client_, telemetry, options.metric_reader);
  }
  thread_ = std::thread([this] { run(); });
}

Exporter::~Exporter() {
  if (thread_.joinable()) stop(base::Duration::zero());
}

void Exporter::run() {
  base::name_this_thread("export");
  tasks_.spawn(drain_loop());
  if (traces_) tasks_.spawn(traces_->run());
  if (logs_) tasks_.spawn(logs_->run());
  if (metrics_) tasks_.spawn(metrics_->run());
  while (tasks_.active() > 0) loop_.turn(base::Duration::max());
}

void Exporter::stop(base::Duration limit) {
  loop_.post([this, limit] {
    stop_by_ = loop_.now() + limit;
    stopping_.set_readable();
  });
  thread_.join();
}

net::Task<void> Exporter::drain_loop() {
  base::MonotonicTime adopt_at = loop_.now();
  while (!stopping_.readable) {
    if (loop_.now() >= adopt_at) {
      telemetry_.adopt_orphans();
      adopt_at = loop_.now() + kAdoptInterval;
    }
    telemetry_.drain();
    if (traces_) traces_->note_added();
    if (logs_) logs_->note_added();
    co_await net::Wait(loop_, {{&stopping_, net::Interest::kReadable}}, loop_.now() + telemetry_.pause());
  }
  telemetry_.drain();
  if (traces_) traces_->end(stop_by_);
  if (logs_) logs_->end(stop_by_);
  if (metrics_) metrics_->end(stop_by_);
}

}  // namespace archestra::telemetry::otlp
