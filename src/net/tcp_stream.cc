#include "net/tcp_stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace archestra::net {
namespace {

/// What the kernel takes of us before it is sent. Without this bound it takes megabytes for a peer that reads
/// slowly, which are nobody's memory in particular; for a peer that reads, what is on its way to it is not
/// counted.
constexpr int kUnsentBytesMax = 128 << 10;

}  // namespace

SocketStream::SocketStream(EventLoop& event_loop, int fd, SocketRole role)
    : Stream(event_loop), fd_(fd), role_(role) {
  open_of_role().add(1);
}

SocketStream::~SocketStream() {
  open_of_role().add(-1);
  if (fd_ >= 0) ::close(fd_);
}

void SocketStream::on_events(std::uint32_t events) {
  // Data and FIN can arrive as one edge, so a hang-up also means "read on to the end".
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readiness.set_gone();
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readiness.set_readable();
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) readiness.set_writable();
}

void SocketStream::abort() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

// A FIN acknowledges all that came before it. So what is unacknowledged now was not there when the peer
// ended its side. A reset acknowledges nothing, which is why the caller must have seen an end.
bool SocketStream::ended_before_taking(std::uint64_t before) const {
  int unacknowledged = 0;
  if (::ioctl(fd_, SIOCOUTQ, &unacknowledged) != 0) return false;
  return static_cast<std::uint64_t>(unacknowledged) >= sent_bytes_ - before;
}

int SocketStream::release_fd() {
  loop.unwatch(fd_);
  return std::exchange(fd_, -1);
}

base::Result<std::unique_ptr<TcpStream>> TcpStream::adopt(EventLoop& loop, int fd, SocketRole role) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytesMax, sizeof kUnsentBytesMax);
  std::unique_ptr<TcpStream> stream(new TcpStream(loop, fd, role));
  if (const auto watched = stream->watch(); !watched) return base::fail(watched.error());
  return stream;
}

IoResult TcpStream::try_read(char* to, std::size_t size) {
  ssize_t n = 0;
  do n = ::recv(fd(), to, size, 0);
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    const auto bytes = static_cast<std::size_t>(n);
    // A short read has drained the socket; but after a hang-up the end is still to be read.
    if (bytes < size && !readiness.gone) readiness.readable = false;
    return {.status = IoStatus::kDone, .bytes = bytes};
  }
  if (n == 0) return {.status = IoStatus::kEnd};
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    readiness.readable = false;
    return {.status = IoStatus::kBlocked};
  }
  return {.status = IoStatus::kFailed, .error = base::error_from_errno(errno, "read")};
}

namespace {

// send(2) of some kilobytes put together first costs less than sendmsg(2) of their pieces.
constexpr std::size_t kGatheredBytesMax = 4096;

ssize_t send_gathered(int fd, std::span<const iovec> pieces) {
  std::array<char, kGatheredBytesMax> bytes;
  char* at = bytes.data();
  for (const iovec& piece : pieces) {
    if (piece.iov_len > 0) std::memcpy(at, piece.iov_base, piece.iov_len);
    at += piece.iov_len;
  }
  return ::send(fd, bytes.data(), static_cast<std::size_t>(at - bytes.data()), MSG_NOSIGNAL);
}

ssize_t send_pieces(int fd, std::span<const iovec> pieces) {
  if (pieces.size() == 1) return ::send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
  std::size_t bytes = 0;
  for (const iovec& piece : pieces) bytes += piece.iov_len;
  if (bytes <= kGatheredBytesMax) return send_gathered(fd, pieces);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

IoResult TcpStream::try_write(std::span<const iovec> pieces) {
  ssize_t n = 0;
  do n = send_pieces(fd(), pieces);
  while (n < 0 && errno == EINTR);
  if (n >= 0) {
    count_sent(static_cast<std::size_t>(n));
    return {.status = IoStatus::kDone, .bytes = static_cast<std::size_t>(n)};
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    readiness.writable = false;
    return {.status = IoStatus::kBlocked};
  }
  return {.status = IoStatus::kFailed, .error = base::error_from_errno(errno, "write")};
}

void TcpStream::shut_down_write() { ::shutdown(fd(), SHUT_WR); }

int TcpStream::take_socket_error() const {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

std::string TcpStream::peer_ip() const {
  SocketAddress peer;
  peer.length = sizeof peer.storage;
  if (getpeername(fd(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.length) != 0) return {};
  return peer.ip_text();
}

}  // namespace archestra::net
