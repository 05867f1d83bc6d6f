#include "net/connector.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "net/tls_stream.h"

namespace archestra::net {
namespace {

// However the kernel words it: nothing was connected.
base::Error connect_error(int error) {
  const base::Error connect = base::error_from_errno(error, "connect");
  if (connect.code == base::ErrorCode::kReset)
    return {base::ErrorCode::kUnreachable, connect.what, connect.detail};
  return connect;
}

// One connection under way, and who is told when it has come about or failed.
class Attempt {
 public:
  Attempt(EventLoop& loop, std::unique_ptr<TcpStream> stream, Readiness& told)
      : stream_(std::move(stream)), told_(told), waiter_(loop) {
    waiter_.owner = this;
    waiter_.callback = [](Waiter& waiter) { static_cast<Attempt*>(waiter.owner)->on_over(); };
    if (!waiter_.start({{&stream_->readiness, Interest::kWritable}}, base::kNever)) on_over();
  }

  bool is_over() const { return over_; }
  /// Once it is over: 0, or errno.
  int error() const { return stream_->take_socket_error(); }
  std::unique_ptr<TcpStream> take() { return std::move(stream_); }

 private:
  void on_over() {
    over_ = true;
    told_.set_readable();
  }

  std::unique_ptr<TcpStream> stream_;
  Readiness& told_;
  bool over_ = false;
  Waiter waiter_;  // leaves the stream before that goes
};

// The attempts at the addresses of one name. What is left of them is closed with it.
class Race {
 public:
  explicit Race(EventLoop& loop) : loop_(loop) {}

  enum class Begun : std::uint8_t { kConnected, kUnderWay, kFailed };
  Begun begin(const SocketAddress& address) {
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      note(base::error_from_errno(errno, "socket"));
      return Begun::kFailed;
    }
    // Begun before the socket is watched: epoll reports a socket that was never connected as hung up.
    const bool connected = ::connect(fd, address.get(), address.length) == 0;
    if (!connected && errno != EINPROGRESS) {
      note(connect_error(errno));
      ::close(fd);
      return Begun::kFailed;
    }
    auto stream = TcpStream::adopt(loop_, fd, SocketRole::kConnected);
    if (!stream) {
      note(stream.error());
      return Begun::kFailed;
    }
    if (connected) {
      (*stream)->readiness.writable = true;
      winner = std::move(*stream);
      return Begun::kConnected;
    }
    attempts_.push_back(std::make_unique<Attempt>(loop_, std::move(*stream), news));
    return Begun::kUnderWay;
  }

  /// Looks at those that are over; true where one has come about.
  bool look() {
    news.readable = false;
    for (const auto& attempt : attempts_) {
      if (!attempt->is_over()) continue;
      if (const int error = attempt->error()) {
        note(connect_error(error));
        continue;
      }
      winner = attempt->take();
      return true;
    }
    std::erase_if(attempts_, [](const auto& attempt) { return attempt->is_over(); });
    return false;
  }

  bool is_running() const { return !attempts_.empty(); }
  const base::Error& failure() const { return failure_; }

  Readiness news;  // readable: one of them is over
  std::unique_ptr<TcpStream> winner;

 private:
  // A host that refused says more than one that is not there.
  void note(base::Error error) {
    if (failure_.code != base::ErrorCode::kRefused) failure_ = error;
  }

  EventLoop& loop_;
  base::Error failure_{base::ErrorCode::kUnreachable, "connect"};
  std::vector<std::unique_ptr<Attempt>> attempts_;
};

Task<base::Result<std::unique_ptr<TcpStream>>> connect_first(EventLoop& loop, Addresses addresses,
                                                             base::MonotonicTime deadline, Readiness* gone) {
  Race race(loop);
  std::size_t next = 0;
  while (true) {
    auto begun = Race::Begun::kFailed;
    while (next < addresses.size() && begun == Race::Begun::kFailed) begun = race.begin(addresses[next++]);
    if (begun == Race::Begun::kConnected) co_return std::move(race.winner);
    if (!race.is_running()) co_return base::fail(race.failure());
    const auto next_at = next < addresses.size() ? base::monotonic_now() + kAttemptDelay : base::kNever;
    const Wake wake = co_await Wait(loop, {{&race.news, Interest::kReadable}, {gone, Interest::kGone}},
                                    std::min(deadline, next_at));
    if (wake == Wake::kSecond || wake == Wake::kCancelled)
      co_return base::fail(base::ErrorCode::kCancelled, "connect");
    if (wake == Wake::kTimeout && base::monotonic_now() >= deadline)
      co_return base::fail(base::ErrorCode::kTimeout, "connect");
    if (race.look()) co_return std::move(race.winner);
  }
}

}  // namespace

Addresses order_of_attempts(const Addresses& addresses) {
  Addresses order;
  if (addresses.empty()) return order;
  const int first_family = addresses.front().family();
  const auto next_of = [&](std::size_t at, bool first) {
    while (at < addresses.size() && (addresses[at].family() == first_family) != first) ++at;
    return at;
  };
  std::size_t first = 0;
  std::size_t other = next_of(0, false);
  while (order.size() < kAttemptsMax && (first < addresses.size() || other < addresses.size())) {
    const bool is_turn_of_first =
        order.size() % 2 == 0 ? first < addresses.size() : other >= addresses.size();
    std::size_t& at = is_turn_of_first ? first : other;
    order.push_back(addresses[at]);
    at = next_of(at + 1, is_turn_of_first);
  }
  return order;
}

Task<base::Result<std::unique_ptr<TcpStream>>> connect_tcp(EventLoop& loop, Resolver& resolver,
                                                           const std::string& host, std::uint16_t port,
                                                           base::MonotonicTime deadline, Readiness* gone) {
  auto addresses = co_await resolver.resolve(host, port, deadline, gone);
  if (!addresses) co_return base::fail(addresses.error());
  co_return co_await connect_first(loop, order_of_attempts(*addresses), deadline, gone);
}

Task<base::Result<StreamPtr>> connect(EventLoop& loop, Resolver& resolver, TlsSessions* sessions,
                                      const Endpoint& endpoint, base::MonotonicTime deadline,
                                      Readiness* gone) {
  const base::Counted dial(loop.stats().dials);
  auto tcp = co_await connect_tcp(loop, resolver, endpoint.host, endpoint.port, deadline, gone);
  if (!tcp) co_return base::fail(tcp.error());
  if (endpoint.tls == nullptr) co_return StreamPtr(std::move(*tcp));
  co_return co_await tls_connect({.context = endpoint.tls, .host = endpoint.host, .port = endpoint.port},
                                 sessions, std::move(*tcp), deadline, gone);
}

}  // namespace archestra::net
