// One collector's end of one signal, spoken to over OTLP/HTTP (binary protobuf, OTLP specification 1.x):
// POSTs on a kept connection, one at a time. Whether one is tried again is its user's affair. On one event
// loop.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer_pool.h"
#include "base/clock.h"
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

namespace archestra::telemetry::otlp {

/// How request bodies travel (OTEL_EXPORTER_OTLP_COMPRESSION).
enum class Compression : std::uint8_t { kNone, kGzip };

struct ClientOptions {
  http::Url endpoint = {};                       ///< complete: the path is used as it is
  const http_io::ForwardProxy* proxy = nullptr;  ///< that the collector is reached by; outlives the client
  const net::TlsContext* tls = nullptr;          ///< null: no https; outlives the client
  base::Secret authorization = {};               ///< value of the Authorization field; empty for none
  std::vector<std::pair<std::string, base::Secret>> headers = {};
  Compression compression = Compression::kNone;
  base::Duration request_timeout = std::chrono::seconds(10);  ///< OTEL_EXPORTER_OTLP_TIMEOUT
};

/// What a request came to.
struct Attempt {
  enum class Result : std::uint8_t {
    kAccepted,   ///< a status below 300
    kRetryable,  ///< 429, 502, 503, 504, or no answer at all
    kFailed,     ///< any other status: the same request would get it again
  } result = Result::kFailed;
  bool answered = false;  ///< the collector is there
  PartialSuccess partial;
  base::Duration retry_after{};  ///< what the collector asks for; zero for nothing
  std::string why;               ///< for a log; "" where it was accepted
};

/// What clients on one loop share; all of it outlives them.
struct ClientSurroundings {
  net::EventLoop& loop;
  net::Resolver& resolver;
  net::TlsSessions& sessions;
  base::BufferPool& buffers;
  base::Gauge& requests_under_way;
};

class Client {
 public:
  Client(const ClientSurroundings& surroundings, ClientOptions options);
  Client(const Client&) = delete;

  const ClientOptions& options() const { return options_; }
  const net::Endpoint& endpoint() const { return endpoint_; }
  /// Sends the pieces, in order, as one body and reads the answer, until `deadline` or cancel(). Where the
  /// options want compression, the body is compressed already. The pieces live until it is over.
  net::Task<Attempt> post(std::span<const std::string_view> pieces, base::MonotonicTime deadline);
  /// Ends what is under way, and whatever is begun later, as if the connection had broken. Any time, on the
  /// loop.
  void cancel();
  /// Closes the connection that is kept. While nothing is under way.
  void close() { connection_.reset(); }

 private:
  net::Task<Attempt> try_post(std::span<const std::string_view> pieces, base::MonotonicTime deadline);
  net::Task<base::Result<void>> ensure_connected(base::MonotonicTime deadline);
  net::Task<base::Result<void>> send(std::span<const std::string_view> pieces, base::MonotonicTime deadline);
  net::Task<Attempt> read_answer(const http::ResponseHead& head, base::MonotonicTime deadline);

  const ClientSurroundings at_;
  const ClientOptions options_;
  const net::Endpoint endpoint_;
  const std::string head_;  // of every request, up to Content-Length; holds the credentials
  std::unique_ptr<http_io::OutboundConnection> connection_;
  net::Readiness cancelled_;  // gone once it was
  bool is_stale_ = false;     // try_post() met a kept connection that its peer had closed: nothing was tried
};

}  // namespace archestra::telemetry::otlp
