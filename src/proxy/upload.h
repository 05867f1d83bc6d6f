// Sending to an upstream that may answer before it has read everything, and with it the request body that
// streams through: client -> upstream, for operations whose body no rule concerns.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/error.h"
#include "http/body_framing.h"
#include "http_io/inbound_connection.h"
#include "http_io/outbound_connection.h"
#include "net/task.h"
#include "proxy/waits.h"

namespace archestra::proxy {

enum class UploadEnd : std::uint8_t {
  kComplete,
  kAnsweredEarly,  ///< the upstream answers already; the rest was not sent
  kClientGone,
  kClientFailed,  ///< malformed or too slow; `error` is the client's fault
  kUpstreamFailed,
};

struct UploadResult {
  UploadEnd end = UploadEnd::kComplete;
  base::Error error{base::ErrorCode::kClosed};
  std::uint64_t body_bytes = 0;
};

/// Both ends of a request on its way, and how long it may take.
struct UploadPlan {
  http_io::InboundConnection& client;
  http_io::OutboundConnection& upstream;
  const http::HeadLimits& response_limits;
  base::Duration client_timeout;  ///< between two reads
  http_io::SendLimits upstream_limits;
  Waits& waits;
};

/// Sends what is in `box`.
net::Task<UploadResult> send_upstream(UploadPlan plan, http_io::Outbox& box);
/// Sends the body that the client's source has been started on; `kind` is kLength or kChunked, on both sides.
net::Task<UploadResult> upload(UploadPlan plan, http::BodyKind kind);

}  // namespace archestra::proxy
