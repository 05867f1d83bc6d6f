// An IPv4 or IPv6 address with a port, as a value.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace archestra::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  /// A numeric address without brackets; nothing where `ip` is no such thing.
  static std::optional<SocketAddress> parse(std::string_view ip, std::uint16_t port);
  static SocketAddress from(const sockaddr* address, socklen_t length);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  /// The numeric address without the port.
  std::string ip_text() const;
};

}  // namespace archestra::net
