// One client's connection: requests in order, one exchange at a time, until either side has had enough.
#pragma once

#include <memory>
#include <string>

#include "http_io/inbound_connection.h"
#include "net/connection_limit.h"
#include "net/task.h"
#include "net/tcp_stream.h"

namespace archestra::proxy {

class Shard;

/// Serves the connection to its end, over TLS where the shard has an identity. The stream is the shard's;
/// `place` is none of a connection that is dropped.
net::Task<void> serve_client(Shard& shard, std::unique_ptr<net::TcpStream> tcp,
                             net::ConnectionLimit::Place place);

/// What the shard and the exchange see of a connection.
class ClientConnection {
 public:
  ClientConnection(Shard& shard, net::StreamPtr stream, std::string peer_ip,
                   net::ConnectionLimit::Place place);
  ClientConnection(const ClientConnection&) = delete;
  ~ClientConnection();

  http_io::InboundConnection& http() { return http_; }
  net::Stream& stream() { return http_.stream(); }
  const std::string& peer_ip() const { return peer_ip_; }

  /// Whether it is one too many: it gets one answer, and that is a refusal where it is about a call.
  bool asks_once() const { return place_.admission() == net::Admission::kAsksOnce; }
  const http_io::InboundLimits& limits() const { return limits_; }

  /// Ends it in the middle of whatever it does.
  void cut_off() { stream().readiness.cancel(); }
  bool was_cut_off() { return stream().readiness.cancelled; }

  net::Readiness drain_begins;  ///< made readable then, for whoever waits for a request
  std::size_t place = 0;        ///< in the shard's list

 private:
  Shard& shard_;
  const net::ConnectionLimit::Place place_;
  const http_io::InboundLimits& limits_;
  const std::string peer_ip_;
  http_io::InboundConnection http_;
};

}  // namespace archestra::proxy
