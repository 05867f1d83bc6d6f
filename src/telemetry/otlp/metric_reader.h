// Sends all metrics to the collector, again and again: collects, encodes, and delivers the portions one after
// the other. What the collector does not take in time is dropped, for the next export says more. On the
// export thread, which looks at the rings between two portions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "net/event_loop.h"
#include "net/readiness.h"
#include "net/task.h"
#include "telemetry/otlp/client.h"
#include "telemetry/otlp/metric_encoder.h"
#include "telemetry/otlp/reachability.h"
#include "telemetry/pipeline.h"

namespace archestra::telemetry::otlp {

class MetricReader final : MetricPortions {
 public:
  struct Options {
    base::Duration interval = std::chrono::seconds(60);  ///< OTEL_METRIC_EXPORT_INTERVAL
    base::Duration timeout =
        std::chrono::seconds(30);  ///< OTEL_METRIC_EXPORT_TIMEOUT: all portions and tries
  };
  /// All outlive it.
  MetricReader(net::EventLoop& loop, Client& client, Telemetry& telemetry, const Options& options);
  MetricReader(const MetricReader&) = delete;

  /// Until end(), and a last export.
  net::Task<void> run();
  /// Exports once more, until `by` at most.
  void end(base::MonotonicTime by);

 private:
  struct Portion {
    std::string metrics;
    std::size_t points;
  };
  void take(std::string_view metrics, std::size_t points) override;
  net::Task<void> export_all();
  net::Task<bool> encode(base::MonotonicTime deadline);
  net::Task<bool> deliver(const Portion& portion, base::MonotonicTime give_up_at);
  net::Task<void> pause_until(base::MonotonicTime time);
  void make_body(const Portion& portion);
  static void on_end_limit(void* self);

  net::EventLoop& loop_;
  Client& client_;
  Telemetry& telemetry_;
  const Options options_;
  Reachability reachability_;
  base::Random random_ = base::Random::from_entropy();
  std::vector<Portion> portions_;

  // The request that is being sent.
  std::string prefix_;
  std::string compressed_;
  std::vector<std::string_view> pieces_;

  net::Readiness ending_;     // readable from end() on
  net::Readiness end_limit_;  // gone once the limit has passed
  base::MonotonicTime end_by_ = base::kNever;
  net::Timer end_timer_{&MetricReader::on_end_limit, this};
};

}  // namespace archestra::telemetry::otlp
