// TCP as a Stream. TCP_NODELAY always: every read is relayed at once.
#pragma once

#include "base/result.h"
#include "net/socket_address.h"
#include "net/stream.h"

namespace archestra::net {

/// How a socket came to be; the loop counts both apart.
enum class SocketRole : std::uint8_t { kAccepted, kConnected };

/// A stream over a socket: owns the descriptor and turns its events into readiness.
class SocketStream : public Stream, protected Watcher {
 public:
  ~SocketStream() override;
  void abort() override;
  std::uint64_t sent_bytes() const override { return sent_bytes_; }
  bool ended_before_taking(std::uint64_t before) const override;
  int fd() const { return fd_; }

 protected:
  SocketStream(EventLoop& event_loop, int fd, SocketRole role);
  void on_events(std::uint32_t epoll_events) override;
  base::Result<void> watch() { return loop.watch_edges(fd_, *this); }
  int release_fd();
  void count_sent(std::size_t bytes) { sent_bytes_ += bytes; }

 private:
  base::Gauge& open_of_role() {
    return role_ == SocketRole::kAccepted ? loop.stats().accepted : loop.stats().connected;
  }
  int fd_;
  std::uint64_t sent_bytes_ = 0;
  const SocketRole role_;
};

class TcpStream final : public SocketStream {
 public:
  /// Takes over a connected or connecting, non-blocking socket and registers it with the loop.
  static base::Result<std::unique_ptr<TcpStream>> adopt(EventLoop& loop, int fd, SocketRole role);

  IoResult try_read(char* to, std::size_t size) override;
  IoResult try_write(std::span<const iovec> pieces) override;
  void shut_down_write() override;

  /// The pending error of a connect that has finished, 0 for none.
  int take_socket_error() const;
  /// The numeric address of the other end, "" where it is not connected.
  std::string peer_ip() const;
  /// Gives the descriptor away, no longer watched.
  static int release(std::unique_ptr<TcpStream> stream) { return stream->release_fd(); }

 private:
  using SocketStream::SocketStream;
};

}  // namespace archestra::net
