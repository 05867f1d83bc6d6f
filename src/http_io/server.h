// A small HTTP/1.1 server over InboundConnection for whoever reads requests whole: /metrics, the
// simulator. (The proxy has a connection loop of its own because it relays while it reads.)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "base/buffer_pool.h"
#include "http/head.h"
#include "http_io/inbound_connection.h"
#include "net/event_loop.h"
#include "net/task.h"

namespace archestra::http_io {

/// Whether the connection can carry another request.
enum class Persistence : std::uint8_t { kKeep, kClose };

struct ServerRequest {
  const http::RequestHead& head;
  std::string_view body;
  InboundConnection& connection;
  Persistence wanted;  ///< what the request allows
};

/// Answers requests. Runs on the server's loop; a handler may wait.
class Handler {
 public:
  virtual ~Handler() = default;
  /// Sends the whole response on `request.connection.stream()`. kClose also where it could not.
  virtual net::Task<Persistence> serve(ServerRequest& request) = 0;
};

struct Answer {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string_view body = {};
  std::string_view extra_fields = {};  ///< whole field lines with CRLF
};

/// Sends a response with Content-Length. For a HEAD request the body is left out.
net::Task<Persistence> send_answer(ServerRequest& request, Answer answer, base::Duration timeout);

/// A body that is made while it is sent.
class BodyPieces {
 public:
  virtual ~BodyPieces() = default;
  /// The next bytes, perhaps none yet, valid until the next call; nothing where the body has ended. Makes a
  /// piece that is worth a turn of the loop.
  virtual std::optional<std::string_view> next() = 0;
};

/// Sends a response whose length nobody knows: in chunks, or up to the end of the connection where the client
/// speaks HTTP/1.0. Its body is `pieces`, of which a HEAD request asks none; `answer.body` is not looked at.
/// Between two of them the loop turns.
net::Task<Persistence> send_in_pieces(ServerRequest& request, Answer answer, BodyPieces& pieces,
                                      SendLimits limits);

struct ServerLimits {
  InboundLimits inbound;
  BodyLimits body;
  base::Duration body_timeout = std::chrono::seconds(30);
};

class Server {
 public:
  /// All outlive it. stop() first, then turn the loop until active() is 0.
  Server(net::EventLoop& loop, base::BufferPool& pool, ServerLimits limits, Handler& handler);

  void accept(net::StreamPtr stream);
  /// Ends every connection at its next wait.
  void stop();
  std::size_t active() const { return connections_.active(); }

 private:
  net::Task<void> run(net::StreamPtr stream);
  net::Task<Persistence> serve_one(InboundConnection& connection, http::RequestHead& head);

  net::EventLoop& loop_;
  base::BufferPool& pool_;
  const ServerLimits limits_;
  Handler& handler_;
  bool stopping_ = false;
  std::unordered_set<net::Stream*> streams_;
  net::TaskGroup connections_;
};

}  // namespace archestra::http_io
