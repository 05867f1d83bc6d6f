// Connections to upstreams that can be used again: one LIFO list per target, so that the warmest is taken
// first and the others grow old. One pool per shard. An idle connection that its peer closes, or that sends
// something nobody asked for, is dropped at once.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "base/result.h"
#include "http_io/outbound_connection.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/readiness.h"
#include "proxy/settings.h"

namespace archestra::proxy {

class UpstreamPool;

/// One connection on loan to an exchange, or idle in the pool.
class UpstreamConnection {
 public:
  UpstreamConnection(UpstreamPool& pool, const Target& target, net::StreamPtr stream,
                     base::BufferPool& buffers);

  http_io::OutboundConnection& http() { return http_; }
  net::Stream& stream() { return http_.stream(); }

 private:
  friend class UpstreamPool;
  UpstreamPool& pool_;
  const Target& target_;
  http_io::OutboundConnection http_;
  net::Waiter idle_;  // while it is in the pool
  base::MonotonicTime idle_until_;
};
using UpstreamPtr = std::unique_ptr<UpstreamConnection>;

class UpstreamPool {
 public:
  UpstreamPool(net::EventLoop& loop, net::Resolver& resolver, base::BufferPool& buffers,
               const UpstreamTimeouts& timeouts)
      : loop_(loop), resolver_(resolver), buffers_(buffers), timeouts_(timeouts) {}
  UpstreamPool(const UpstreamPool&) = delete;
  ~UpstreamPool() { clear(); }

  /// The connection that was used last, or null.
  UpstreamPtr try_take(const Target& target);
  /// A new one, with its name, TCP and TLS by `deadline`. `gone` ends the dialling with kCancelled.
  net::Task<base::Result<UpstreamPtr>> dial(const Target& target, base::MonotonicTime deadline,
                                            net::Readiness& gone);
  /// Gives back a connection whose exchange is over and clean on both sides.
  void give_back(UpstreamPtr connection);
  /// Drops every idle connection.
  void clear() { idle_.clear(); }

 private:
  friend class UpstreamConnection;
  using Idle = std::vector<UpstreamPtr>;
  static void on_idle_event(net::Waiter& waiter);
  static bool is_quiet(UpstreamConnection& connection);
  void keep_idle(UpstreamConnection& connection);
  void drop(UpstreamConnection& connection);

  net::EventLoop& loop_;
  net::Resolver& resolver_;
  base::BufferPool& buffers_;
  const UpstreamTimeouts& timeouts_;
  std::unordered_map<const Target*, Idle> idle_;
};

}  // namespace archestra::proxy
