// URLs of an upstream that a response gives its client for what it does next, made to lead through the
// gateway. Values to values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "http/head.h"
#include "proxy/forward_head.h"
#include "proxy/settings.h"

namespace archestra::proxy {

/// Where the client finds the provider at the gateway.
struct OwnPlace {
  std::string_view base_url;  ///< of the gateway, without a trailing '/'; "" where none was configured:
  std::string_view scheme;    ///< then it is this, "http" or "https", and
  std::string_view host;      ///< the request's Host
  std::string_view provider;
  std::optional<base::Uuid> agent_id;
};

/// The fields called one of `names` whose value is a URL below the target's base URL: scheme, host and port
/// are the same, and the path begins with that of the base URL, if it has one. What follows that in the URL
/// follows the provider's place at the gateway in the new one. URLs that lead elsewhere are left alone. So
/// are all of them where the client named no host and none is configured.
std::vector<ReplacedField> own_urls(const http::ResponseHead& head, std::span<const std::string_view> names,
                                    const Target& target, const OwnPlace& place);

}  // namespace archestra::proxy
