// IP addresses without a port, and networks of them, as values: for lists of who is meant by a setting.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace archestra::net {

/// IPv6, or IPv4 mapped into it (RFC 4291 section 2.5.5.2), so that both spellings of one are equal.
using IpAddress = std::array<std::uint8_t, 16>;

/// A numeric address without brackets; nothing where `text` is no such thing.
std::optional<IpAddress> parse_ip_address(std::string_view text);

struct IpNetwork {
  IpAddress address{};
  unsigned bits = 0;  ///< of the mapped form where it is IPv4: 96 to 128

  /// "10.0.0.0/8", "2001:db8::/32", or one address; nothing where it is neither.
  static std::optional<IpNetwork> parse(std::string_view text);
  bool contains(const IpAddress& other) const;
};

}  // namespace archestra::net
