// An HTTP/1.1 client for plain URLs with keep-alive connections. On its loop's thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/buffer_pool.h"
#include "base/result.h"
#include "http/url.h"
#include "http_io/outbound_connection.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/task.h"

namespace archestra::traffic {

/// Takes a response's body as it comes.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  enum class Wish : std::uint8_t { kMore, kLeave };
  /// kLeave closes the connection at once.
  virtual Wish on_bytes(std::string_view bytes) = 0;
};

/// How an exchange ended.
struct Answer {
  int status = 0;
  bool left = false;      ///< the reader wished so
  bool reusable = false;  ///< the connection can carry another exchange
};

class Client {
 public:
  /// All outlive it.
  Client(net::EventLoop& loop, base::BufferPool& pool, net::Resolver& resolver, http::Url url)
      : loop_(loop), pool_(pool), resolver_(resolver), url_(std::move(url)) {}

  const http::Url& url() const { return url_; }
  /// Sends `request` (head and body) and reads the answer. A kept connection that turns out to be closed is
  /// replaced once by a new one.
  net::Task<base::Result<Answer>> exchange(std::string_view request, BodyReader& reader,
                                           base::MonotonicTime deadline);
  /// Ends every exchange at its next wait with kCancelled.
  void cancel();

 private:
  using Connection = std::unique_ptr<http_io::OutboundConnection>;
  net::Task<base::Result<Connection>> connect(base::MonotonicTime deadline);
  Connection take_idle();
  net::Task<base::Result<Answer>> exchange_on(Connection& connection, std::string_view request,
                                              BodyReader& reader, base::MonotonicTime deadline);
  static net::Task<base::Result<Answer>> read_answer(http_io::OutboundConnection& connection,
                                                     BodyReader& reader, base::MonotonicTime deadline);

  net::EventLoop& loop_;
  base::BufferPool& pool_;
  net::Resolver& resolver_;
  const http::Url url_;
  std::vector<Connection> idle_;
  std::unordered_set<net::Stream*> active_;
};

}  // namespace archestra::traffic
