#include "net/connector.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "net/tcp_stream.h"

namespace archestra::net {
namespace {

// However the kernel words it: nothing was connected.
base::Error connect_error(int error) {
  const base::Error connect = base::error_from_errno(error, "connect");
  if (connect.code == base::ErrorCode::kReset)
    return {base::ErrorCode::kUnreachable, connect.what, connect.detail};
  return connect;
}

Task<base::Result<std::unique_ptr<TcpStream>>> connect_tcp(EventLoop& loop, const SocketAddress& address,
                                                           base::MonotonicTime deadline, Readiness* gone) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return base::fail(base::error_from_errno(errno, "socket"));
  // Begun before the socket is watched: epoll reports a socket that was never connected as hung up.
  const bool connected = ::connect(fd, address.get(), address.length) == 0;
  if (!connected && errno != EINPROGRESS) {
    const auto error = connect_error(errno);
    ::close(fd);
    co_return base::fail(error);
  }
  auto stream = TcpStream::adopt(loop, fd, SocketRole::kConnected);
  if (!stream) co_return base::fail(stream.error());
  if (connected) {
    (*stream)->readiness.writable = true;
    co_return stream;
  }
  const Wake wake =
      co_await Wait(loop, {{&(*stream)->readiness, Interest::kWritable}, {gone, Interest::kGone}}, deadline);
  if (wake == Wake::kTimeout) co_return base::fail(base::ErrorCode::kTimeout, "connect");
  if (wake != Wake::kFirst) co_return base::fail(base::ErrorCode::kCancelled, "connect");
  if (const int error = (*stream)->take_socket_error()) co_return base::fail(connect_error(error));
  co_return stream;
}

// An address that does not answer leaves time for the others.
base::MonotonicTime share_of(base::MonotonicTime deadline, base::MonotonicTime now,
                             std::size_t addresses_left) {
  if (deadline == base::kNever) return deadline;
  return now + (deadline - now) / static_cast<std::int64_t>(addresses_left);
}

}  // namespace

Task<base::Result<StreamPtr>> connect(EventLoop& loop, Resolver& resolver, const Endpoint& endpoint,
                                      base::MonotonicTime deadline, Readiness* gone) {
  const base::Counted dial(loop.stats().dials);
  auto addresses = co_await resolver.resolve(endpoint.host, endpoint.port, deadline, gone);
  if (!addresses) co_return base::fail(addresses.error());
  base::Error last{base::ErrorCode::kUnreachable, "connect"};
  std::size_t left = addresses->size();
  for (const SocketAddress& address : *addresses) {
    const auto now = base::monotonic_now();
    if (now >= deadline) co_return base::fail(base::ErrorCode::kTimeout, "connect");
    auto tcp = co_await connect_tcp(loop, address, share_of(deadline, now, left--), gone);
    if (tcp) {
      if (endpoint.tls == nullptr) co_return StreamPtr(std::move(*tcp));
      co_return co_await tls_connect(*endpoint.tls, std::move(*tcp), endpoint.host, deadline, gone);
    }
    if (tcp.error().code == base::ErrorCode::kCancelled) co_return base::fail(tcp.error());
    last = tcp.error();
  }
  co_return base::fail(last);
}

}  // namespace archestra::net
