#include "proxy/trusted_proxies.h"

#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ranges>

#include "base/text.h"
#include "net/socket_address.h"

namespace archestra::proxy {
namespace {

constexpr std::size_t kMappedPrefix = 12;  // bytes in front of an IPv4 address that is mapped into IPv6
constexpr unsigned kMappedPrefixBits = 96;
constexpr unsigned kBits = 128;

// Without a port, and without the brackets that an IPv6 address needs to have one.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
  }
  return std::ranges::count(text, ':') == 1 ? text.substr(0, text.find(':')) : text;
}

/// Takes a list of elements with parameters apart, whose values may be quoted.
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view text) : text_(text) {}

  /// The value of `for` of each element, "" where it has none. False where the quotes do not match.
  bool read(std::vector<std::string>& hops) {
    std::string hop;
    while (true) {
      const std::string name = base::lower_case(base::trimmed(token()));
      if (at('=')) {
        std::string value;
        if (!read_value(value)) return false;
        if (name == "for") hop = std::move(value);
      }
      if (at(';')) continue;
      hops.push_back(std::move(hop));
      hop.clear();
      if (!at(',')) return text_.empty();
    }
  }

 private:
  std::string_view token() {
    const std::string_view found = text_.substr(0, text_.find_first_of("=;,\""));
    text_.remove_prefix(found.size());
    return found;
  }
  bool at(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool read_value(std::string& value) {
    if (!at('"')) {
      value = base::trimmed(token());
      return true;
    }
    while (!text_.empty() && !at('"')) {
      if (at('\\') && text_.empty()) return false;
      value += text_.front();
      text_.remove_prefix(1);
      if (text_.empty()) return false;
    }
    return base::trimmed(token()).empty();
  }

  std::string_view text_;
};

/// Whoever the fields of a name tell of, from the client on; nothing where there is no such field. What
/// cannot be read is "".
template <class Read>
std::optional<std::vector<std::string>> hops_of(const http::Fields& fields, std::string_view name,
                                                Read read) {
  std::optional<std::vector<std::string>> hops;
  for (const http::Field& field : fields) {
    if (!http::equals_ignoring_case(field.name, name)) continue;
    if (!hops) hops.emplace();
    if (!read(field.value, *hops)) hops->emplace_back();
  }
  return hops;
}

}  // namespace

std::optional<TrustedProxies::Address> TrustedProxies::address_of(std::string_view text) {
  const auto parsed = net::SocketAddress::parse(text, 0);
  if (!parsed) return std::nullopt;
  Address address{};
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

std::optional<TrustedProxies> TrustedProxies::parse(std::string_view list) {
  TrustedProxies proxies;
  const bool good = base::for_each_item(list, [&](std::string_view item) {
    const std::size_t slash = item.find('/');
    const auto address = address_of(item.substr(0, slash));
    if (!address) return false;
    unsigned bits = kBits;
    if (slash != std::string_view::npos) {
      const std::string_view text = item.substr(slash + 1);
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
      if (error != std::errc{} || end != text.data() + text.size()) return false;
      if (!item.substr(0, slash).contains(':')) bits += kMappedPrefixBits;
      if (bits > kBits) return false;
    }
    proxies.networks_.push_back({.address = *address, .bits = bits});
    return true;
  });
  return good ? std::optional(std::move(proxies)) : std::nullopt;
}

bool TrustedProxies::trusts(const Address& address) const {
  return std::ranges::any_of(networks_, [&](const Network& network) {
    const std::size_t whole = network.bits / 8;
    if (!std::equal(address.begin(), address.begin() + whole, network.address.begin())) return false;
    const unsigned rest = network.bits % 8;
    return rest == 0 || (address[whole] ^ network.address[whole]) >> (8 - rest) == 0;
  });
}

TrustedProxies::Address TrustedProxies::walk(const Address& peer,
                                             const std::vector<std::string>& hops) const {
  Address client = peer;
  for (const std::string& hop : hops | std::views::reverse) {
    if (!trusts(client)) break;
    const auto before = address_of(without_port(hop));
    if (!before) break;
    client = *before;
  }
  return client;
}

std::string TrustedProxies::client_of(const std::string& peer, const http::Fields& fields) const {
  if (empty()) return peer;
  const auto own = address_of(peer);
  if (!own || !trusts(*own)) return peer;
  const auto forwarded = hops_of(fields, "forwarded", [](std::string_view value, auto& hops) {
    return ForwardedReader(value).read(hops);
  });
  const auto x_forwarded_for = hops_of(fields, "x-forwarded-for", [](std::string_view value, auto& hops) {
    return base::for_each_item(value, [&](std::string_view item) {
      hops.emplace_back(item);
      return true;
    });
  });
  Address client = *own;
  if (forwarded) client = walk(*own, *forwarded);
  if (x_forwarded_for) {
    const Address other = walk(*own, *x_forwarded_for);
    if (forwarded && other != client) return peer;
    client = other;
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  std::memcpy(&address.sin6_addr, client.data(), client.size());
  const std::string text =
      net::SocketAddress::from(reinterpret_cast<const sockaddr*>(&address), sizeof address).ip_text();
  constexpr std::string_view kMapped = "::ffff:";
  return text.starts_with(kMapped) && text.contains('.') ? text.substr(kMapped.size()) : text;
}

}  // namespace archestra::proxy
