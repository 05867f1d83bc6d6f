#include "proxy/trusted_proxies.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <ranges>

#include "base/text.h"
#include "net/socket_address.h"

namespace archestra::proxy {
namespace {

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

std::optional<TrustedProxies> TrustedProxies::parse(std::string_view list) {
  TrustedProxies proxies;
  const bool good = base::for_each_item(list, [&](std::string_view item) {
    const auto network = net::IpNetwork::parse(item);
    if (network) proxies.networks_.push_back(*network);
    return network.has_value();
  });
  return good ? std::optional(std::move(proxies)) : std::nullopt;
}

bool TrustedProxies::trusts(const net::IpAddress& address) const {
  return std::ranges::any_of(networks_,
                             [&](const net::IpNetwork& network) { return network.contains(address); });
}

net::IpAddress TrustedProxies::walk(const net::IpAddress& peer, const std::vector<std::string>& hops) const {
  net::IpAddress client = peer;
  for (const std::string& hop : hops | std::views::reverse) {
    if (!trusts(client)) break;
    const auto before = net::parse_ip_address(without_port(hop));
    if (!before) break;
    client = *before;
  }
  return client;
}

std::string TrustedProxies::client_of(const std::string& peer, const http::Fields& fields) const {
  if (empty()) return peer;
  const auto own = net::parse_ip_address(peer);
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
  net::IpAddress client = *own;
  if (forwarded) client = walk(*own, *forwarded);
  if (x_forwarded_for) {
    const net::IpAddress other = walk(*own, *x_forwarded_for);
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
