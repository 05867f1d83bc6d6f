// Listening sockets. One socket per address, shared by all shards, each of which waits for it with
// EPOLLEXCLUSIVE: see docs/decisions/0003-one-shared-listening-socket.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/socket_address.h"
#include "net/tcp_stream.h"

namespace archestra::net {

/// The bound sockets of one port. Made by the control thread, shared read-only by the shards' Acceptors;
/// outlives them.
class ListenSockets {
 public:
  /// Binds every address to `port`; 0 lets the system choose one port that then serves all of them. An
  /// IPv6 address on a machine without IPv6 is left out as long as another address remains.
  static base::Result<ListenSockets> bind(const std::vector<std::string>& ips, std::uint16_t port);
  /// Takes over a descriptor that somebody else bound and has open too: whoever accepts next finds what is
  /// queued, so it need not be emptied before it is closed here. kInvalid where it is no listening TCP
  /// socket.
  static base::Result<ListenSockets> adopt(int fd);
  ListenSockets(ListenSockets&&) noexcept = default;
  ListenSockets& operator=(ListenSockets&&) = delete;
  ~ListenSockets();

  /// Takes over those of `other`, adopted like these.
  void join(ListenSockets other);

  /// Of the first one.
  std::uint16_t port() const { return port_; }
  bool are_adopted() const { return adopted_; }
  const std::vector<int>& fds() const { return fds_; }
  /// Closes them; no Acceptor may wait on them any more.
  void close();

 private:
  ListenSockets() = default;
  std::vector<int> fds_;
  std::uint16_t port_ = 0;
  bool adopted_ = false;
};

/// Accepts on one loop. Its thread only.
class Acceptor {
 public:
  using OnAccept = std::move_only_function<void(std::unique_ptr<TcpStream>)>;
  Acceptor(EventLoop& loop, const ListenSockets& sockets, OnAccept on_accept);
  Acceptor(const Acceptor&) = delete;
  ~Acceptor();

  /// Accepts what is queued now, then no more. What is queued on adopted sockets is left to the next process.
  void stop();

 private:
  class Socket;
  const bool empties_queues_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  OnAccept on_accept_;
};

}  // namespace archestra::net
