// The proxy by which upstreams behind TLS are reached, and who is reached without it: values, as HTTPS_PROXY
// and NO_PROXY have them. What is done with them is in tunnel.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "http/url.h"
#include "net/ip_network.h"

namespace archestra::http_io {

struct ForwardProxy {
  std::string host;
  std::uint16_t port = 0;
  base::Secret authorization;  ///< value of Proxy-Authorization; empty for none

  /// "[http://][user[:password]@]host[:port]", user and password percent-encoded; port 80 where there is
  /// none. Nothing where it is anything else: another scheme, a path, a query.
  static std::optional<ForwardProxy> parse(std::string_view text);
  /// host:port, for logs.
  std::string authority() const;
};

/// Hosts that are reached without a proxy.
class NoProxy {
 public:
  /// Items between commas, each "*", an address, a network ("10.0.0.0/8"), or a name, which means the names
  /// below it too; "." or "*." in front of a name changes nothing. An address or a name may have a port, for
  /// which alone it is meant then. An item that is none of these means nobody: the list is shared with other
  /// programs, some of which know more.
  static NoProxy parse(std::string_view list);

  /// `host` is a name or an address without brackets. Addresses are compared with addresses, names with
  /// names: nothing is looked up.
  bool covers(std::string_view host, std::uint16_t port) const;
  /// The items that mean nobody, as they were written.
  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  struct Item {
    std::string name;  // "": the network is meant, or, without one, everybody
    std::optional<net::IpNetwork> network;
    std::uint16_t port = 0;  // 0: any
  };
  static std::optional<Item> parse_item(std::string_view text);

  std::vector<Item> items_;
  std::vector<std::string> unknown_;
};

/// By which proxy `url` is reached: null for https with no `proxy`, for who is covered by `none`, for this
/// machine (localhost and loopback addresses), and for http, for which it is not meant. Points to what
/// `proxy` holds.
const ForwardProxy* proxy_for(const http::Url& url, const std::optional<ForwardProxy>& proxy,
                              const NoProxy& none);

}  // namespace archestra::http_io
