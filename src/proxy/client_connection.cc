#include "proxy/client_connection.h"

#include <utility>

#include "base/json_text.h"
#include "proxy/exchange.h"
#include "proxy/local_reply.h"
#include "proxy/shard.h"

namespace archestra::proxy {
namespace {

constexpr base::Duration kErrorReplyTimeout = std::chrono::seconds(5);
// A client that was answered before its request was read gets this long to take the answer.
constexpr base::Duration kLingerTimeout = std::chrono::seconds(2);
constexpr std::size_t kLingerBytesMax = std::size_t{1} << 20;

// Closing while the client still sends would reset the connection and may destroy the answer on its way:
// so say that we are done, and read on for a moment (RFC 9112 section 9.6).
net::Task<void> linger(ClientConnection& client, Shard& shard) {
  net::Stream& stream = client.stream();
  stream.shut_down_write();
  const auto deadline = shard.loop.now() + kLingerTimeout;
  const base::Buffer scratch = shard.buffers.take();
  for (std::size_t total = 0; total < kLingerBytesMax;) {
    const net::Wake wake =
        co_await net::Wait(shard.loop, {{&stream.readiness, net::Interest::kReadable}}, deadline);
    if (wake != net::Wake::kFirst) co_return;
    const net::IoResult read = stream.try_read(const_cast<char*>(scratch.data()), scratch.size());
    if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed) co_return;
    total += read.bytes;
  }
}

bool deserves_answer(const base::Error& error) {
  return error.code == base::ErrorCode::kMalformed || error.code == base::ErrorCode::kTooLarge ||
         error.code == base::ErrorCode::kTimeout;
}

// A head that makes no sense has no route: the answer is in the platform's own shape and belongs to no call.
net::Task<void> refuse_head(ClientConnection& client, Shard& shard, http::RequestHead& head, const base::Error& error) {
  if (!deserves_answer(error)) co_return;
  std::string body = R"({"error":{"message":)";
  base::append_json_string(body, error.what);
  body += R"(,"type":"bad_request"}})";
  head.method = "";
  const bool sent = co_await send_local_reply(
      client.http(), head,
      {.status = error.detail, .body = body, .error_code = "bad_request", .keep_alive = false}, kErrorReplyTimeout);
  if (sent) co_await linger(client, shard);
}

// Waits for the first byte of a request, without a buffer where the wait is long. False where none will come: the
// client is silent for too long or left, or the shard drains.
net::Task<bool> await_request(ClientConnection& client, Shard& shard) {
  http_io::MessageSource& source = client.http().source();
  net::Readiness& readiness = client.stream().readiness;
  const auto deadline = shard.loop.now() + shard.settings->inbound.idle_timeout;
  while (source.buffered().empty()) {
    if (shard.draining() && !readiness.readable) co_return false;
    const net::Wake wake = co_await net::Wait(shard.loop, {{&readiness, net::Interest::kReadable}}, deadline);
    if (wake != net::Wake::kFirst) co_return false;
    const net::IoResult read = source.fill();
    if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed) co_return false;
    source.release_if_empty();
  }
  co_return true;
}

net::Task<AfterExchange> serve_request(ClientConnection& client, Shard& shard) {
  std::unique_ptr<Heads> heads = shard.take_heads();
  const auto read = co_await client.http().read_head(heads->request);
  AfterExchange after = AfterExchange::kClose;
  if (read) {
    Exchange exchange(shard, client, *heads);
    after = co_await exchange.run();
    client.http().finish_request();
  } else {
    co_await refuse_head(client, shard, heads->request, read.error());
  }
  shard.give_back(std::move(heads));
  co_return after;
}

}  // namespace

ClientConnection::ClientConnection(Shard& shard, std::unique_ptr<net::TcpStream> stream)
    : shard_(shard),
      peer_ip_(stream->peer_ip()),
      http_(std::move(stream), shard.buffers, shard.settings->inbound) {
  shard_.add(*this);
}

ClientConnection::~ClientConnection() { shard_.remove(*this); }

void ClientConnection::close_if_idle() {
  if (!busy && !stream().readiness.readable) cut_off();
}

net::Task<void> serve_client(Shard& shard, std::unique_ptr<net::TcpStream> stream) {
  ClientConnection client(shard, std::move(stream));
  AfterExchange after = AfterExchange::kKeepAlive;
  while (after == AfterExchange::kKeepAlive) {
    client.busy = false;
    if (!co_await await_request(client, shard)) co_return;
    client.busy = true;
    after = co_await serve_request(client, shard);
  }
  if (after == AfterExchange::kLinger) co_await linger(client, shard);
}

}  // namespace archestra::proxy
