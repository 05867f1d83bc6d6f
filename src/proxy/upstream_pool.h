// Connections to upstreams: how many there are, and those that can be used again, one LIFO list per target,
// so that the warmest is taken first and the others grow old. One pool per shard. An idle connection that
// its peer closes, or that sends something nobody asked for, is dropped at once. Where a target has as many
// as it may, calls wait in line for a connection of another, or for its end.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "base/result.h"
#include "http_io/outbound_connection.h"
#include "net/event_loop.h"
#include "net/readiness.h"
#include "net/tls_sessions.h"
#include "proxy/settings.h"

namespace archestra::proxy {

class UpstreamConnection;
class UpstreamPool;
using UpstreamPtr = std::unique_ptr<UpstreamConnection>;

/// The right to one connection to a target, for as long as it lives.
class UpstreamPlace {
 public:
  UpstreamPlace() = default;
  UpstreamPlace(UpstreamPlace&& other) noexcept { *this = std::move(other); }
  UpstreamPlace& operator=(UpstreamPlace&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(target_, other.target_);
    return *this;
  }
  ~UpstreamPlace();

 private:
  friend class UpstreamPool;
  UpstreamPlace(UpstreamPool& pool, const Target& target) : pool_(&pool), target_(&target) {}
  UpstreamPool* pool_ = nullptr;  // null: of none
  const Target* target_ = nullptr;
};

/// One connection on loan to an exchange, or idle in the pool.
class UpstreamConnection {
 public:
  UpstreamConnection(UpstreamPlace place, net::StreamPtr stream, base::BufferPool& buffers);

  http_io::OutboundConnection& http() { return http_; }
  net::Stream& stream() { return http_.stream(); }
  /// The peer says that it keeps the connection so long without a request.
  void keep_at_most(std::chrono::seconds timeout) { peer_keeps_ = timeout; }
  /// Closes it; what remains is its place, for another one.
  static UpstreamPlace retire(UpstreamPtr connection) { return std::move(connection->place_); }
  /// It has carried a call before.
  bool is_reused() const { return http_.reused; }

 private:
  friend class UpstreamPool;
  UpstreamPlace place_;
  http_io::OutboundConnection http_;
  base::Duration peer_keeps_ = base::Duration::max();
  net::Waiter idle_;  // while it is in the pool
  base::MonotonicTime idle_since_;
  base::MonotonicTime idle_until_;
};

struct PoolLimits {
  base::Duration idle = std::chrono::seconds(30);  ///< an unused connection is kept no longer
  std::size_t connections_max = 10'000;            ///< to one target, used and unused
};

/// What somebody who waited gets: a connection, or else the place for a new one.
struct UpstreamTurn {
  UpstreamPtr connection;
  UpstreamPlace place;
};

class UpstreamPool {
 public:
  UpstreamPool(net::EventLoop& loop, net::Resolver& resolver, base::BufferPool& buffers, PoolLimits limits)
      : loop_(loop), resolver_(resolver), buffers_(buffers), limits_(limits) {}
  UpstreamPool(const UpstreamPool&) = delete;
  ~UpstreamPool() { clear(); }

  /// The connection that was used last, or null.
  UpstreamPtr try_take(const Target& target);
  /// At once, as a rule; where all places are taken after those who came before. kOverload at `deadline`,
  /// kCancelled where `gone` reported that nobody waits any more.
  net::Task<base::Result<UpstreamTurn>> wait_for_turn(const Target& target, base::MonotonicTime deadline,
                                                      net::Readiness& gone);
  /// A new one, with its name, TCP, tunnel and TLS by `deadline`. `gone` ends the dialling with kCancelled.
  net::Task<base::Result<UpstreamPtr>> dial(UpstreamPlace place, base::MonotonicTime deadline,
                                            net::Readiness& gone);
  /// Gives back a connection whose exchange is over and clean on both sides.
  void give_back(UpstreamPtr connection);
  /// Drops every idle connection.
  void clear();

 private:
  friend class UpstreamConnection;
  friend class UpstreamPlace;
  struct InLine {
    net::Readiness called;  // readable: `turn` is there
    UpstreamTurn turn;
  };
  struct Line {
    std::size_t places = 0;  // that are taken
    std::vector<UpstreamPtr> idle;
    std::deque<InLine*> waiting;  // only while all places are taken and nothing is idle
  };
  static void on_idle_event(net::Waiter& waiter);
  bool is_quiet(UpstreamConnection& connection) const;
  static void call_next(Line& line, UpstreamTurn turn);
  Line& line_of(const UpstreamConnection& connection) { return lines_[connection.place_.target_]; }
  void leave(const Target& target);
  void keep_idle(UpstreamConnection& connection);
  void drop(UpstreamConnection& connection);

  net::EventLoop& loop_;
  net::Resolver& resolver_;
  base::BufferPool& buffers_;
  const PoolLimits limits_;
  net::TlsSessions tls_sessions_;
  std::unordered_map<const Target*, Line> lines_;
};

}  // namespace archestra::proxy
