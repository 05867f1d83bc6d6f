// One client's connection: requests in order, one exchange at a time, until either side has had enough.
#pragma once

#include <memory>
#include <string>

#include "http_io/inbound_connection.h"
#include "net/task.h"
#include "net/tcp_stream.h"

namespace archestra::proxy {

class Shard;

/// Serves the connection to its end, over TLS where the shard has an identity. The stream is the shard's.
net::Task<void> serve_client(Shard& shard, std::unique_ptr<net::TcpStream> tcp);

/// What the shard and the exchange see of a connection.
class ClientConnection {
 public:
  ClientConnection(Shard& shard, net::StreamPtr stream, std::string peer_ip);
  ClientConnection(const ClientConnection&) = delete;
  ~ClientConnection();

  http_io::InboundConnection& http() { return http_; }
  net::Stream& stream() { return http_.stream(); }
  const std::string& peer_ip() const { return peer_ip_; }

  /// Ends it in the middle of whatever it does.
  void cut_off() { stream().readiness.cancel(); }
  bool was_cut_off() { return stream().readiness.cancelled; }

  net::Readiness drain_begins;  ///< made readable then, for whoever waits for a request
  std::size_t place = 0;        ///< in the shard's list

 private:
  Shard& shard_;
  const std::string peer_ip_;
  http_io::InboundConnection http_;
};

}  // namespace archestra::proxy
