#include "http_io/forward_proxy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "base/text.h"

namespace archestra::http_io {
namespace {

constexpr std::string_view kScheme = "http://";

// "user:password" of basic authentication (RFC 7617), decoded; nothing where an escape is malformed, or where
// a control character is in it, which no proxy takes.
std::optional<std::string> credentials_of(std::string_view user_info) {
  const std::size_t colon = std::min(user_info.find(':'), user_info.size());
  const auto user = http::percent_decoded(user_info.substr(0, colon));
  const auto password = http::percent_decoded(user_info.substr(std::min(colon + 1, user_info.size())));
  if (!user || !password || user->contains(':')) return std::nullopt;
  std::string both = *user + ":" + *password;
  const bool is_clean = std::ranges::none_of(both, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return is_clean ? std::optional(std::move(both)) : std::nullopt;
}

// A name that is fully qualified may be written with a dot at its end.
std::string_view without_last_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool is_at_or_below(std::string_view host, std::string_view name) {
  return host == name || (host.ends_with(name) && host.substr(0, host.size() - name.size()).ends_with('.'));
}

// RFC 6761 section 6.3 has names below localhost be this machine too.
bool is_this_machine(std::string_view host) {
  static const std::array<net::IpNetwork, 2> kLoopback = {*net::IpNetwork::parse("127.0.0.0/8"),
                                                          *net::IpNetwork::parse("::1")};
  if (const auto address = net::parse_ip_address(host))
    return std::ranges::any_of(kLoopback, [&](const auto& network) { return network.contains(*address); });
  return is_at_or_below(without_last_dot(host), "localhost");
}

}  // namespace

std::optional<ForwardProxy> ForwardProxy::parse(std::string_view text) {
  if (base::lower_case(text.substr(0, kScheme.size())) == kScheme)
    text.remove_prefix(kScheme.size());
  else if (text.contains("://"))
    return std::nullopt;
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  ForwardProxy proxy;
  if (at != std::string_view::npos) {
    const auto credentials = credentials_of(authority.substr(0, at));
    if (!credentials) return std::nullopt;
    proxy.authorization = base::Secret("Basic " + base::base64(*credentials));
    text.remove_prefix(at + 1);
  }
  auto url = http::parse_url(std::string(kScheme).append(text));
  if (!url || !(url->path.empty() || url->path == "/") || text.contains('?')) return std::nullopt;
  proxy.host = std::move(url->host);
  proxy.port = url->port;
  return proxy;
}

std::string ForwardProxy::authority() const { return http::host_and_port(host, port); }

std::optional<NoProxy::Item> NoProxy::parse_item(std::string_view text) {
  if (text == "*") return Item{};
  if (const auto network = net::IpNetwork::parse(text)) return Item{.name = {}, .network = network};
  if (text.starts_with("*.")) text.remove_prefix(1);
  if (text.starts_with('.')) text.remove_prefix(1);
  const auto parts = http::parse_host(text);
  if (!parts) return std::nullopt;
  if (const auto network = net::IpNetwork::parse(parts->host))
    return Item{.name = {}, .network = network, .port = parts->port};
  std::string name = base::lower_case(without_last_dot(parts->host));
  if (name.empty()) return std::nullopt;
  return Item{.name = std::move(name), .network = {}, .port = parts->port};
}

NoProxy NoProxy::parse(std::string_view list) {
  NoProxy none;
  base::for_each_item(list, [&](std::string_view text) {
    if (auto item = parse_item(text))
      none.items_.push_back(std::move(*item));
    else
      none.unknown_.emplace_back(text);
    return true;
  });
  return none;
}

bool NoProxy::covers(std::string_view host, std::uint16_t port) const {
  const auto address = net::parse_ip_address(host);
  const std::string name = base::lower_case(without_last_dot(host));
  return std::ranges::any_of(items_, [&](const Item& item) {
    if (item.port != 0 && item.port != port) return false;
    if (item.network) return address && item.network->contains(*address);
    return item.name.empty() || (!address && is_at_or_below(name, item.name));
  });
}

const ForwardProxy* proxy_for(const http::Url& url, const std::optional<ForwardProxy>& proxy,
                              const NoProxy& none) {
  if (!proxy || !url.is_https || is_this_machine(url.host) || none.covers(url.host, url.port)) return nullptr;
  return &*proxy;
}

}  // namespace archestra::http_io
