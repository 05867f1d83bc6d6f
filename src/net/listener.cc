#include "net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "base/log.h"

namespace archestra::net {
namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn
// So that shards which wake together share what is queued instead of one taking it all.
constexpr int kAcceptsPerTurn = 16;
// How long nothing is accepted after the system had no descriptor or memory for a connection.
constexpr base::Duration kPause = std::chrono::milliseconds(100);

base::Result<int> listen_on(const SocketAddress& address) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return base::fail(base::error_from_errno(errno, "socket"));
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd, address.get(), address.length) != 0 || ::listen(fd, kBacklog) != 0) {
    const auto error = base::error_from_errno(errno, "bind");
    ::close(fd);
    return base::fail(error);
  }
  return fd;
}

std::uint16_t bound_port(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  const int result = getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  ARCHESTRA_ASSERT(result == 0, "a bound socket has a name");
  return address.port();
}

int option_of(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

bool is_listening_tcp(int fd) {
  const int domain = option_of(fd, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) && option_of(fd, SO_TYPE) == SOCK_STREAM &&
         option_of(fd, SO_ACCEPTCONN) == 1;
}

bool is_missing_ipv6(const SocketAddress& address, const base::Error& error) {
  return address.family() == AF_INET6 &&
         (error.detail == EAFNOSUPPORT || error.detail == EADDRNOTAVAIL || error.detail == EPROTONOSUPPORT);
}

}  // namespace

base::Result<ListenSockets> ListenSockets::bind(const std::vector<std::string>& ips, std::uint16_t port) {
  // A port that the system chose for the first address may be taken on the second: then try again.
  constexpr int kTries = 20;
  base::Error last{base::ErrorCode::kInvalid, "no address to listen on"};
  for (int attempt = 0; attempt < (port == 0 ? kTries : 1); ++attempt) {
    ListenSockets sockets;
    sockets.port_ = port;
    bool failed = false;
    for (const std::string& ip : ips) {
      const auto address = SocketAddress::parse(ip, sockets.port_);
      if (!address) return base::fail(base::ErrorCode::kInvalid, "not an IP address to listen on");
      const auto fd = listen_on(*address);
      if (!fd) {
        last = fd.error();
        if (is_missing_ipv6(*address, last) && ips.size() > 1) continue;
        failed = true;
        break;
      }
      sockets.fds_.push_back(*fd);
      sockets.port_ = bound_port(*fd);
    }
    if (!failed && !sockets.fds_.empty()) return sockets;
  }
  return base::fail(last);
}

base::Result<ListenSockets> ListenSockets::adopt(int fd) {
  if (!is_listening_tcp(fd)) return base::fail(base::ErrorCode::kInvalid, "not a listening TCP socket");
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return base::fail(base::error_from_errno(errno, "fcntl"));
  ListenSockets sockets;
  sockets.fds_.push_back(fd);
  sockets.port_ = bound_port(fd);
  sockets.adopted_ = true;
  return sockets;
}

void ListenSockets::join(ListenSockets other) {
  ARCHESTRA_ASSERT(adopted_ && other.adopted_, "sockets of one kind stand together");
  fds_.insert(fds_.end(), other.fds_.begin(), other.fds_.end());
  other.fds_.clear();
}

ListenSockets::~ListenSockets() { close(); }

void ListenSockets::close() {
  for (int fd : fds_) ::close(fd);
  fds_.clear();
}

class Acceptor::Socket final : public Watcher {
 public:
  Socket(Acceptor& owner, EventLoop& loop, int fd)
      : owner_(owner),
        loop_(loop),
        fd_(fd),
        open_(loop.stats().listening),
        waiter_(loop),
        pause_(&Socket::on_pause_over, this) {
    waiter_.callback = &Socket::on_ready;
    waiter_.owner = this;
    ARCHESTRA_ASSERT(watch(), "a listening socket can be watched");
  }
  ~Socket() override { loop_.unwatch(fd_); }

  enum class End : std::uint8_t { kDone, kExhausted };
  /// kExhausted: the system had no room for another connection; those that wait stay queued.
  End accept_up_to(int count) {
    for (int i = 0; i < count; ++i) {
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        note_accepting();
        if (auto stream = TcpStream::adopt(loop_, fd, SocketRole::kAccepted))
          owner_.on_accept_(std::move(*stream));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        note_exhausted(errno);
        return End::kExhausted;
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return End::kDone;
      }
      // Any other error is that of one connection, which has gone (accept(2)).
    }
    return End::kDone;
  }

 private:
  void on_events(std::uint32_t) override { ready_.set_readable(); }
  bool watch() {
    if (!loop_.watch_level(fd_, EPOLLIN | EPOLLEXCLUSIVE, *this)) return false;
    wait();
    return true;
  }
  void pause() { loop_.timers().arm(pause_, loop_.now() + kPause); }
  void wait() {
    ready_.readable = false;
    waiter_.start({{&ready_, Interest::kReadable}}, base::kNever);
  }
  static void on_ready(Waiter& waiter) {
    auto& self = *static_cast<Socket*>(waiter.owner);
    if (self.accept_up_to(kAcceptsPerTurn) == End::kDone) return self.wait();
    // The socket stays readable: watched on, it would keep the loop spinning.
    self.loop_.unwatch(self.fd_);
    self.pause();
  }
  static void on_pause_over(void* socket) {
    auto& self = *static_cast<Socket*>(socket);
    if (!self.watch()) self.pause();  // the system is still short of something
  }

  // Once per change, not once per try.
  void note_exhausted(int error) {
    if (std::exchange(exhausted_, true)) return;
    loop_.stats().accept_pauses.add();
    base::log(base::LogLevel::kError, "no connection can be accepted; those that come wait",
              {{"why", base::error_from_errno(error, "accept").text()}});
  }
  void note_accepting() {
    if (exhausted_) base::log(base::LogLevel::kInfo, "connections are accepted again");
    exhausted_ = false;
  }

  Acceptor& owner_;
  EventLoop& loop_;
  const int fd_;
  const base::Counted open_;
  bool exhausted_ = false;
  Readiness ready_;
  Waiter waiter_;
  Timer pause_;
};

Acceptor::Acceptor(EventLoop& loop, const ListenSockets& sockets, OnAccept on_accept)
    : empties_queues_(!sockets.are_adopted()), on_accept_(std::move(on_accept)) {
  for (int fd : sockets.fds()) sockets_.push_back(std::make_unique<Socket>(*this, loop, fd));
}

Acceptor::~Acceptor() = default;

void Acceptor::stop() {
  if (empties_queues_)
    for (auto& socket : sockets_) socket->accept_up_to(kBacklog);
  sockets_.clear();
}

}  // namespace archestra::net
