#include "proxy/client_connection.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "net/tls_stream.h"
#include "proxy/exchange.h"
#include "proxy/shard.h"

namespace archestra::proxy {
namespace {

// A client that was answered before its request was read gets this long to take the answer.
constexpr base::Duration kLingerTimeout = std::chrono::seconds(2);

// For whoever speaks HTTP where TLS is spoken: the best hint that a wrong scheme can get. No request was
// read, so there is none to be recorded; the handshake is counted as failed.
constexpr std::string_view kTlsIsWanted =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 46\r\n"
    "x-archestra-error: bad_request\r\n"
    "Connection: close\r\n\r\n"
    "This port speaks TLS: the scheme is https://.\n";

// Closing while the client still sends would reset the connection and may destroy the answer on its way:
// so say that we are done, and read on for a moment (RFC 9112 section 9.6).
net::Task<void> linger(ClientConnection& client, Shard& shard) {
  net::Stream& stream = client.stream();
  stream.shut_down_write();
  const auto deadline = shard.loop.now() + kLingerTimeout;
  const base::Buffer scratch = shard.buffers.take();
  while (true) {
    const net::Wake wake =
        co_await net::Wait(shard.loop, {{&stream.readiness, net::Interest::kReadable}}, deadline);
    if (wake != net::Wake::kFirst) co_return;
    const net::IoResult read = stream.try_read(const_cast<char*>(scratch.data()), scratch.size());
    if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed) co_return;
  }
}

bool deserves_answer(const base::Error& error) {
  return error.code == base::ErrorCode::kMalformed || error.code == base::ErrorCode::kTooLarge ||
         error.code == base::ErrorCode::kTimeout;
}

// How long a connection without a request is kept. While the shard drains that is not long, and still not
// nothing: a client that has just been answered, or has just connected, may have sent its next request
// already.
base::Duration idle_limit(const ClientConnection& client, const Shard& shard) {
  const base::Duration limit = client.limits().idle_timeout;
  return shard.draining() ? std::min(limit, Shard::kDrainIdleTimeout) : limit;
}

// Waits for the first byte of a request, without a buffer where the wait is long. False where none will come:
// the client is silent for too long or left.
net::Task<bool> await_request(ClientConnection& client, Shard& shard) {
  http_io::MessageSource& source = client.http().source();
  net::Readiness& readiness = client.stream().readiness;
  const auto since = shard.loop.now();
  while (source.buffered().empty()) {
    const net::Wake wake = co_await net::Wait(
        shard.loop,
        {{&readiness, net::Interest::kReadable}, {&client.drain_begins, net::Interest::kReadable}},
        since + idle_limit(client, shard));
    if (wake == net::Wake::kCancelled) co_return false;
    client.drain_begins.readable = false;
    if (wake == net::Wake::kSecond) continue;
    // At the deadline too: what came before it, unseen, is not thrown away.
    const net::IoResult read = source.fill();
    if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed) co_return false;
    source.release_if_empty();
    if (wake == net::Wake::kTimeout && source.buffered().empty()) co_return false;
  }
  co_return true;
}

// False where nothing is to be served. Whoever connects can make this fail as often as he likes: it is
// counted, and logged for those who look closer.
net::Task<bool> shake_hands(net::TlsStream& stream, ClientConnection& client, Shard& shard) {
  const auto deadline = shard.loop.now() + client.limits().head_timeout;
  auto shaken = co_await stream.shake_hands(deadline, {&client.drain_begins, net::Interest::kReadable});
  if (!shaken && shaken.error().code == base::ErrorCode::kCancelled && !client.was_cut_off())
    shaken = co_await stream.shake_hands(std::min(deadline, shard.loop.now() + Shard::kDrainIdleTimeout), {});
  if (!shaken)
    base::log(base::LogLevel::kDebug, "TLS handshake with a client failed",
              {{"client_address", std::string_view(client.peer_ip())}, {"why", shaken.error().text()}});
  co_return shaken.has_value();
}

net::Task<AfterExchange> serve_request(ClientConnection& client, Shard& shard) {
  std::unique_ptr<Heads> heads = shard.take_heads();
  const auto read = co_await client.http().read_head(heads->request);
  AfterExchange after = AfterExchange::kClose;
  if (read || deserves_answer(read.error())) {
    Exchange exchange(shard, client, *heads);
    after = read ? co_await exchange.run() : co_await exchange.run_refused(read.error());
    client.http().finish_request();
  }
  shard.give_back(std::move(heads));
  co_return after;
}

}  // namespace

ClientConnection::ClientConnection(Shard& shard, net::StreamPtr stream, std::string peer_ip,
                                   net::ConnectionLimit::Place place)
    : shard_(shard),
      place_(std::move(place)),
      limits_(asks_once() ? shard.settings->surplus_inbound : shard.settings->inbound),
      peer_ip_(std::move(peer_ip)),
      http_(std::move(stream), shard.buffers, limits_) {
  shard_.add(*this);
}

ClientConnection::~ClientConnection() { shard_.remove(*this); }

net::Task<void> serve_client(Shard& shard, std::unique_ptr<net::TcpStream> tcp,
                             net::ConnectionLimit::Place place) {
  std::string peer_ip = tcp->peer_ip();
  net::StreamPtr stream;
  net::TlsStream* secure = nullptr;
  if (shard.settings->identity == nullptr) {
    stream = std::move(tcp);
  } else {
    auto accepted = net::tls_accept(*shard.settings->identity, std::move(tcp));
    if (!accepted) co_return;
    secure = accepted->get();
    stream = std::move(*accepted);
  }
  ClientConnection client(shard, std::move(stream), std::move(peer_ip), std::move(place));
  if (secure != nullptr && !co_await shake_hands(*secure, client, shard)) {
    if (!secure->speaks_plainly()) co_return;
    secure->send_plainly(kTlsIsWanted);
    co_return co_await linger(client, shard);
  }
  AfterExchange after = AfterExchange::kKeepAlive;
  while (after == AfterExchange::kKeepAlive) {
    if (!co_await await_request(client, shard)) co_return;
    after = co_await serve_request(client, shard);
  }
  if (after == AfterExchange::kAbort) co_return client.stream().abort();
  const bool has_unread = !client.http().source().buffered().empty() || client.stream().readiness.readable;
  if (after == AfterExchange::kLinger || has_unread) co_await linger(client, shard);
}

}  // namespace archestra::proxy
