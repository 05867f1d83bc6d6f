// What the proxy needs to know and what stays as it is while the process runs: an immutable snapshot shared
// by all shards. What changes beside the traffic is a snapshot of its own, such as model::AgentDirectory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/site.h"
#include "http/url.h"
#include "http_io/forward_proxy.h"
#include "http_io/inbound_connection.h"
#include "http_io/message_source.h"
#include "net/connector.h"
#include "net/resolver.h"
#include "policy/redactor.h"
#include "providers/registry.h"
#include "proxy/retry.h"
#include "proxy/trusted_proxies.h"

namespace archestra::proxy {

/// The waits of the upstream tries of one call. Zero is not special: every wait has an end.
struct UpstreamTimeouts {
  base::Duration connect = std::chrono::seconds(10);      ///< name, TCP and TLS together
  base::Duration first_byte = std::chrono::seconds(600);  ///< from the request sent to the response's head
  base::Duration idle = std::chrono::seconds(300);        ///< between two reads of a response
  base::Duration total = std::chrono::seconds(3600);      ///< of all tries and the pauses between them
  base::Duration pooled_idle = std::chrono::seconds(30);  ///< an unused connection is kept no longer
};

/// Where the calls of one provider go.
struct Target {
  const providers::Provider* provider = nullptr;
  net::Endpoint endpoint;
  const http_io::ForwardProxy* proxy = nullptr;  ///< that it is reached by, which outlives this; null: none
  std::string base_path;                         ///< of the base URL, without a trailing '/'
  std::string host_field;                        ///< value of the Host field
  providers::UsageOption usage_option = providers::UsageOption::kAskFor;
};

struct Settings {
  providers::Registry registry;
  std::vector<Target> targets;  ///< one per provider, in the registry's order
  std::string api_base_url;     ///< what clients call the gateway, without a trailing '/'; "" for their Host

  http::Site site;  ///< the web UI; none: the paths outside of /v1 and /api are nobody's

  /// Of the port that clients call, which outlives the shards; null: it speaks plain HTTP.
  const net::TlsIdentity* identity = nullptr;

  TrustedProxies trusted_proxies;  ///< who may say who its client is
  http_io::InboundLimits inbound;
  http_io::InboundLimits surplus_inbound;  ///< of connections beyond the limit, which are to be over soon
  http::HeadLimits upstream_head;
  http_io::BodyLimits body;
  base::Duration client_body_timeout =
      std::chrono::seconds(60);  ///< of a whole body, see BodyLimits; between reads of a streamed one
  base::Duration client_send_timeout =
      std::chrono::seconds(120);  ///< a client that takes nothing for so long has left
  UpstreamTimeouts timeouts;
  net::ResolverOptions resolver;
  RetryPolicy retry;
  std::size_t calls_in_flight_max = 10'000;            ///< per shard; beyond it 503
  std::size_t upstream_connections_max = 10'000;       ///< per shard and provider; beyond it calls wait
  std::size_t scan_bytes_max = std::size_t{32} << 20;  ///< a longer answer is relayed but not read
  std::size_t event_bytes_max = std::size_t{1} << 20;  ///< a longer event passes unread
  std::size_t held_bytes_max =
      std::size_t{8} << 20;  ///< of a stream that waits for a policy; of a longer one all calls are refused

  std::size_t content_bytes_max = std::size_t{16} << 10;  ///< of each captured attribute
  std::shared_ptr<const policy::Redactor> redactor;       ///< of what is captured; null: nothing is

  const Target& target_of(const providers::Provider& provider) const;
};

using SettingsRef = std::shared_ptr<const Settings>;

}  // namespace archestra::proxy
