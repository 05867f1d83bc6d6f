#include "http_io/tunnel.h"

#include <memory>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/stats.h"
#include "http/head.h"
#include "http_io/message_source.h"
#include "http_io/outbound_connection.h"
#include "http_io/outbox.h"
#include "net/tcp_stream.h"
#include "net/tls_stream.h"

namespace archestra::http_io {
namespace {

using base::ErrorCode;

// A proxy has less to say than an upstream.
constexpr http::HeadLimits kAnswerLimits{.head_bytes_max = std::size_t{16} << 10,
                                         .line_bytes_max = std::size_t{8} << 10};
constexpr int kProxyAuthenticationRequired = 407;

// What went wrong between us and the proxy must not look as if it were the upstream's.
base::Error failure_of_proxy(const base::Error& error) {
  switch (error.code) {
    case ErrorCode::kTimeout:
      return {ErrorCode::kTimeout, "the proxy did not answer"};
    case ErrorCode::kCancelled:
    case ErrorCode::kSystem:  // this machine has no socket to give
      return error;
    case ErrorCode::kRefused:
      return {ErrorCode::kProxy, "the proxy refused the connection"};
    case ErrorCode::kNameNotFound:
      return {ErrorCode::kProxy, "the proxy's name has no address"};
    case ErrorCode::kClosed:
    case ErrorCode::kReset:
      return {ErrorCode::kProxy, "the proxy broke the connection before it answered"};
    case ErrorCode::kMalformed:
      return {ErrorCode::kProxy, "the proxy's answer was not valid HTTP"};
    case ErrorCode::kTooLarge:
      return {ErrorCode::kProxy, "the proxy's answer was too long"};
    default:
      return {ErrorCode::kProxy, "the proxy could not be reached"};
  }
}

std::string connect_request(const net::Endpoint& endpoint, const ForwardProxy& proxy) {
  const std::string authority = http::host_and_port(endpoint.host, endpoint.port);
  std::string head = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!proxy.authorization.empty())
    head.append("Proxy-Authorization: ").append(proxy.authorization.reveal()).append("\r\n");
  return head + "\r\n";
}

}  // namespace

net::Task<base::Result<void>> ask_for_tunnel(net::Stream& stream, base::BufferPool& buffers,
                                             const net::Endpoint& endpoint, const ForwardProxy& proxy,
                                             base::MonotonicTime deadline, net::Readiness* gone) {
  const std::string request = connect_request(endpoint, proxy);
  Outbox box;
  box.add(request);
  if (const auto sent = co_await send_all(box, stream, {.deadline = deadline}, gone); !sent)
    co_return base::fail(failure_of_proxy(sent.error()));
  MessageSource source(stream, buffers);
  int interim = 0;
  const auto head = std::make_unique<http::ResponseHead>();
  const auto read = co_await read_final_head(source, interim, *head, kAnswerLimits, deadline, gone);
  if (!read) co_return base::fail(failure_of_proxy(read.error()));
  if (head->status == kProxyAuthenticationRequired)
    co_return base::fail(ErrorCode::kProxy, "the proxy wants credentials, or others", head->status);
  if (head->status >= 300)
    co_return base::fail(ErrorCode::kProxy, "the proxy refused the tunnel", head->status);
  // A server waits for TLS to be begun. So this is of the proxy, or of somebody who would have us take it for
  // the upstream's.
  if (!source.buffered().empty())
    co_return base::fail(ErrorCode::kProxy, "bytes came out of the tunnel before anything was sent",
                         head->status);
  co_return {};
}

namespace {

net::Task<base::Result<net::StreamPtr>> connect_through(DialTools tools, const net::Endpoint& endpoint,
                                                        const ForwardProxy& proxy,
                                                        base::MonotonicTime deadline, net::Readiness* gone) {
  ARCHESTRA_ASSERT(endpoint.tls != nullptr, "a proxy makes tunnels for TLS alone");
  const base::Counted dial(tools.loop.stats().dials);
  auto tcp = co_await net::connect_tcp(tools.loop, tools.resolver, proxy.host, proxy.port, deadline, gone);
  if (!tcp) co_return base::fail(failure_of_proxy(tcp.error()));
  const auto made = co_await ask_for_tunnel(**tcp, tools.buffers, endpoint, proxy, deadline, gone);
  if (!made) co_return base::fail(made.error());
  co_return co_await net::tls_connect({.context = endpoint.tls, .host = endpoint.host, .port = endpoint.port},
                                      &tools.sessions, std::move(*tcp), deadline, gone);
}

}  // namespace

net::Task<base::Result<net::StreamPtr>> connect(const DialTools& tools, const net::Endpoint& endpoint,
                                                const ForwardProxy* proxy, base::MonotonicTime deadline,
                                                net::Readiness* gone) {
  if (proxy != nullptr) return connect_through(tools, endpoint, *proxy, deadline, gone);
  return net::connect(tools.loop, tools.resolver, &tools.sessions, endpoint, deadline, gone);
}

}  // namespace archestra::http_io
