// Who the client is where others stand between it and us: said by fields that anybody can write, and believed
// of those alone whom the configuration trusts. Values to values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"
#include "net/ip_network.h"

namespace archestra::proxy {

class TrustedProxies {
 public:
  /// Addresses and networks between commas: "10.0.0.0/8, 2001:db8::/32, ::1"; nothing where one is neither.
  static std::optional<TrustedProxies> parse(std::string_view list);

  bool empty() const { return networks_.empty(); }
  /// The client's address, numeric. `peer` is whoever is connected; while the one that was told of is
  /// trusted, so is what it says of the one before it, from the right of `Forwarded` (RFC 7239) or
  /// `X-Forwarded-For` to the left. What is no address ends that with the last one that was. Where both
  /// fields are there, one of them may be a client's that no proxy has touched: they must agree, or else it
  /// is `peer`.
  std::string client_of(const std::string& peer, const http::Fields& fields) const;

 private:
  bool trusts(const net::IpAddress& address) const;
  net::IpAddress walk(const net::IpAddress& peer, const std::vector<std::string>& hops) const;

  std::vector<net::IpNetwork> networks_;
};

}  // namespace archestra::proxy
