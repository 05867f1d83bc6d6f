// Sends batches of spans to the collector over OTLP/HTTP (binary protobuf, OTLP specification 1.x) from a
// thread of its own. A collector that is down, slow or refusing costs spans, which are counted, and nobody
// else anything: the shards only ever see their rings.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/secret.h"
#include "base/stats.h"
#include "http/url.h"
#include "http_io/forward_proxy.h"
#include "http_io/outbound_connection.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/task.h"
#include "net/tls_context.h"
#include "net/tls_sessions.h"
#include "telemetry/otlp/export_response.h"
#include "telemetry/pipeline.h"

namespace archestra::telemetry::otlp {

/// How request bodies travel (OTEL_EXPORTER_OTLP_COMPRESSION).
enum class Compression : std::uint8_t { kNone, kGzip };

struct ExporterOptions {
  bool enabled = true;                           ///< false: rings are emptied and logged, no span is sent
  http::Url endpoint;                            ///< complete: the path is used as it is
  const http_io::ForwardProxy* proxy = nullptr;  ///< that the collector is reached by; outlives the exporter
  base::Secret authorization;                    ///< value of the Authorization field; empty for none
  std::vector<std::pair<std::string, base::Secret>> headers;
  Compression compression = Compression::kNone;
  base::Duration request_timeout = std::chrono::seconds(10);  ///< OTEL_EXPORTER_OTLP_TIMEOUT
  base::Duration schedule_delay = std::chrono::seconds(5);    ///< OTEL_BSP_SCHEDULE_DELAY
  /// OTEL_BSP_EXPORT_TIMEOUT, all tries together. A batch that cannot be delivered in this time may be one
  /// that never can: it must not hold up the others for ever.
  base::Duration batch_timeout = std::chrono::minutes(5);
  net::Addresses name_servers = {};  ///< see net::ResolverOptions
};

class Exporter {
 public:
  /// Telemetry and TLS context (null: no https) outlive it. Starts the thread.
  Exporter(Telemetry& telemetry, ExporterOptions options, const net::TlsContext* tls);
  Exporter(const Exporter&) = delete;
  /// As stop() without time to send anything, where nobody called it.
  ~Exporter();

  /// Empties the rings once more, sends what waits for at most `limit`, counts the rest as dropped, and ends
  /// the thread. Any other thread; once.
  void stop(base::Duration limit);

  // Any thread may read them.
  const net::EventLoop& loop() const { return loop_; }
  /// Requests to the collector, 0 or 1.
  const base::Gauge& requests_under_way() const { return requests_under_way_; }

 private:
  struct Attempt;
  void run();
  net::Task<void> drain_loop();
  net::Task<void> send_loop();
  net::Task<void> send_until_done(const SpanBatch& batch);
  net::Task<Attempt> send_once(std::string_view body, base::MonotonicTime deadline);
  net::Task<base::Result<void>> ensure_connected(base::MonotonicTime deadline);
  base::MonotonicTime deadline_in(base::Duration duration) const;
  static void on_stop_limit(void* self);
  net::Task<Attempt> read_answer(const http::ResponseHead& head, base::MonotonicTime deadline);
  net::Task<bool> pause_until(base::MonotonicTime next, bool collector_answers);
  void count_failed(const SpanBatch& batch);
  void count_accepted(const SpanBatch& batch, const PartialSuccess& partial);
  void note_health(bool healthy, const std::string& why);

  Telemetry& telemetry_;
  const ExporterOptions options_;
  const net::Endpoint endpoint_;
  const std::string head_;  // of every request, up to Content-Length; holds the credentials
  net::EventLoop loop_;
  base::BufferPool buffers_;
  net::Resolver resolver_{loop_, {.name_servers = options_.name_servers}};
  base::Random random_ = base::Random::from_entropy();
  net::TlsSessions tls_sessions_;
  std::unique_ptr<http_io::OutboundConnection> connection_;
  // What stop() says, and to whom: a Readiness has one waiter for an interest.
  struct {
    net::Readiness drain_loop;  // readable once stop() was called
    net::Readiness backoff;     // the same
    net::Readiness limit;       // gone once the limit has passed
    base::MonotonicTime by = base::kNever;
  } stop_;
  net::Readiness batch_ready_;  // readable while a full batch waits
  net::Timer stop_limit_{&Exporter::on_stop_limit, this};
  base::Gauge requests_under_way_;
  bool drained_for_good_ = false;
  bool healthy_ = true;
  bool rejecting_ = false;
  net::TaskGroup tasks_;
  std::thread thread_;
};

}  // namespace archestra::telemetry::otlp
