// The response on its way: upstream -> gate -> client, with bounded buffers. A slow client pauses the
// upstream, each read leaves at once, and what is read alongside is read after it has left.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "base/error.h"
#include "http_io/inbound_connection.h"
#include "http_io/outbound_connection.h"
#include "net/task.h"
#include "proxy/forward_head.h"
#include "proxy/gate.h"
#include "proxy/waits.h"

namespace archestra::proxy {

enum class RelayEnd : std::uint8_t { kComplete, kClientGone, kUpstreamFailed };

struct RelayResult {
  RelayEnd end = RelayEnd::kComplete;
  base::Error error{base::ErrorCode::kClosed};  ///< for kUpstreamFailed
  std::uint64_t body_bytes = 0;                 ///< content sent to the client
  base::MonotonicTime upstream_ended;           ///< when the last of the response came, or it was given up
  /// When the client's socket took the first byte of the answer; nothing where it took none.
  std::optional<base::MonotonicTime> first_byte_sent;
};

struct RelayPlan {
  http_io::InboundConnection& client;
  http_io::OutboundConnection& upstream;  ///< its source has the body's framing
  Gate& gate;
  std::string_view head;  ///< leaves with the first bytes of the body where they are here, else at once
  base::Buffer head_storage = {};    ///< where `head` lies; goes back when it has left
  base::MonotonicTime head_arrived;  ///< so did what is here of the body
  ClientFraming framing;
  base::Duration idle_timeout;  ///< between two reads from the upstream
  base::MonotonicTime total_deadline;
  base::Duration client_timeout;  ///< a client that takes nothing for so long has left
  Waits& waits;
};

/// Relays a response to its end. What breaks off is relayed as far as it came. After anything but kComplete
/// both connections are of no more use.
net::Task<RelayResult> relay(RelayPlan plan);

}  // namespace archestra::proxy
