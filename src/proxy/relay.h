// The response on its way: upstream -> gate -> client, with bounded buffers. A slow client pauses the
// upstream, each read leaves at once, and what is read alongside is read after it has left.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "http_io/inbound_connection.h"
#include "http_io/outbound_connection.h"
#include "net/task.h"
#include "proxy/forward_head.h"
#include "proxy/gate.h"

namespace archestra::proxy {

/// Time an exchange spent waiting for either side; the rest is the gateway's own.
struct Waits {
  base::Duration upstream{};
  base::Duration client{};
};

enum class RelayEnd : std::uint8_t { kComplete, kClientGone, kUpstreamFailed };

struct RelayResult {
  RelayEnd end = RelayEnd::kComplete;
  base::Error error{base::ErrorCode::kClosed};  ///< for kUpstreamFailed
  std::uint64_t body_bytes = 0;                 ///< content sent to the client
};

struct RelayPlan {
  http_io::InboundConnection& client;
  http_io::OutboundConnection& upstream;  ///< its source has the body's framing
  Gate& gate;
  std::string_view head;  ///< leaves with the first bytes of the body
  ClientFraming framing;
  base::Duration idle_timeout;        ///< between two reads from the upstream
  base::MonotonicTime total_deadline;
  base::Duration client_timeout;      ///< a client that takes nothing for so long has left
  Waits& waits;
};

/// Relays a whole response. After anything but kComplete both connections are of no more use.
net::Task<RelayResult> relay(RelayPlan plan);

}  // namespace archestra::proxy
