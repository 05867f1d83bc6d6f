#include "net/ip_network.h"

#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "net/socket_address.h"

namespace archestra::net {
namespace {

constexpr std::size_t kMappedPrefix = 12;  // bytes in front of an IPv4 address that is mapped into IPv6
constexpr unsigned kMappedPrefixBits = 96;
constexpr unsigned kBits = 128;

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const auto parsed = SocketAddress::parse(text, 0);
  if (!parsed) return std::nullopt;
  IpAddress address{};
  if (parsed->family() == AF_INET) {
    address[kMappedPrefix - 2] = address[kMappedPrefix - 1] = 0xff;
    std::memcpy(address.data() + kMappedPrefix,
                &reinterpret_cast<const sockaddr_in*>(parsed->get())->sin_addr, sizeof(in_addr));
  } else {
    std::memcpy(address.data(), &reinterpret_cast<const sockaddr_in6*>(parsed->get())->sin6_addr,
                sizeof(in6_addr));
  }
  return address;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  unsigned bits = kBits;
  if (slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
    if (error != std::errc{} || end != length.data() + length.size()) return std::nullopt;
    if (bits > kBits) return std::nullopt;
    if (!text.substr(0, slash).contains(':')) bits += kMappedPrefixBits;
    if (bits > kBits) return std::nullopt;
  }
  return IpNetwork{.address = *address, .bits = bits};
}

bool IpNetwork::contains(const IpAddress& other) const {
  const std::size_t whole = bits / 8;
  if (!std::equal(other.begin(), other.begin() + whole, address.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (other[whole] ^ address[whole]) >> (8 - rest) == 0;
}

}  // namespace archestra::net
