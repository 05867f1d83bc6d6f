#include "app/metrics_server.h"

#include <cstdint>
#include <latch>

#include "app/metrics_page.h"
#include "base/this_thread.h"
#include "http/accept_encoding.h"
#include "telemetry/metrics/exposition_format.h"

namespace archestra::app {
namespace {

constexpr base::Duration kSendTimeout = std::chrono::seconds(30);
/// Prometheus gives up after its scrape_timeout, 10 s where it was not told otherwise.
constexpr base::Duration kPageTimeMax = std::chrono::minutes(2);
/// Each holds a snapshot, some megabytes where there are many label sets.
constexpr std::int64_t kPagesMax = 8;
constexpr std::string_view kFields = "Vary: Accept, Accept-Encoding\r\n";
constexpr std::string_view kZippedFields = "Vary: Accept, Accept-Encoding\r\nContent-Encoding: gzip\r\n";
constexpr std::string_view kBearer = "Bearer ";

bool is_bearer(std::string_view authorization, const base::Secret& secret) {
  return authorization.starts_with(kBearer) && secret.matches(authorization.substr(kBearer.size()));
}

/// Several fields are one list (RFC 9110 section 5.3).
std::string accept_of(const http::Fields& fields) {
  std::string accept;
  for (const http::Field& field : fields)
    if (http::equals_ignoring_case(field.name, "accept")) accept.append(field.value).append(",");
  return accept;
}

}  // namespace

MetricsServer::MetricsServer(telemetry::Telemetry& telemetry, const net::ListenSockets& sockets,
                             const base::Secret& secret)
    : telemetry_(telemetry), sockets_(sockets), secret_(secret), thread_([this] { run(); }) {}

MetricsServer::~MetricsServer() {
  loop_.post([this] { loop_.stop(); });
  thread_.join();
}

void MetricsServer::stop_accepting() {
  std::latch stopped(1);
  loop_.post([this, &stopped] {
    acceptor_->stop();
    stopped.count_down();
  });
  stopped.wait();
}

void MetricsServer::run() {
  base::name_this_thread("metrics");
  base::let_others_go_first();  // a large page, zipped, takes hundreds of milliseconds
  base::BufferPool buffers;
  // A scrape has no body.
  const http_io::ServerLimits limits{.inbound = {}, .body = {.body_bytes_max = 0}};
  http_io::Server server(loop_, buffers, limits, *this);
  {
    net::Acceptor acceptor(loop_, sockets_, [&server](std::unique_ptr<net::TcpStream> stream) {
      server.accept(std::move(stream));
    });
    acceptor_ = &acceptor;
    loop_.timers().arm(memory_timer_, loop_.now() + telemetry::MemoryKeeper::kLookInterval);
    loop_.run();
  }
  memory_timer_.cancel();
  server.stop();
  while (server.active() > 0) loop_.turn(std::chrono::milliseconds(100));
}

void MetricsServer::keep_memory() {
  telemetry_.memory().look();
  loop_.timers().arm(memory_timer_, base::monotonic_now() + telemetry::MemoryKeeper::kLookInterval);
}

std::optional<http_io::Answer> MetricsServer::refusal_of(const http::RequestHead& head) const {
  const auto refuse = [](int status, std::string_view why, std::string_view fields) {
    return http_io::Answer{
        .status = status, .content_type = "text/plain", .body = why, .extra_fields = fields};
  };
  if (head.path() != "/metrics") return refuse(404, "Only /metrics is served here.\n", "");
  if (head.method != "GET" && head.method != "HEAD")
    return refuse(405, "Only GET and HEAD are answered here.\n", "Allow: GET, HEAD\r\n");
  if (!secret_.empty() && !is_bearer(head.fields.value_of(http::HeaderId::kAuthorization), secret_))
    return refuse(401, "A bearer token is needed.\n", "WWW-Authenticate: Bearer\r\n");
  if (pages_.value() >= kPagesMax) return refuse(503, "Too many scrapes at once.\n", "Retry-After: 1\r\n");
  return std::nullopt;
}

net::Task<http_io::Persistence> MetricsServer::serve(http_io::ServerRequest& request) {
  if (const auto refusal = refusal_of(request.head))
    co_return co_await http_io::send_answer(request, *refusal, kSendTimeout);
  const base::Counted counted(pages_);
  const telemetry::NegotiatedFormat negotiated =
      telemetry::negotiate_exposition(accept_of(request.head.fields));
  const bool is_zipped = http::prefers_gzip(request.head.fields);
  MetricsPage page(telemetry_, negotiated.format, is_zipped ? Zipped::kYes : Zipped::kNo);
  co_return co_await http_io::send_in_pieces(
      request, {.content_type = negotiated.content_type, .extra_fields = is_zipped ? kZippedFields : kFields},
      page, {.stall = kSendTimeout, .deadline = loop_.now() + kPageTimeMax});
}

}  // namespace archestra::app
