// A request body that streams through: client -> upstream, for operations whose body no rule concerns.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/error.h"
#include "http/body_framing.h"
#include "http_io/inbound_connection.h"
#include "http_io/outbound_connection.h"
#include "net/task.h"

namespace archestra::proxy {

enum class UploadEnd : std::uint8_t {
  kComplete,
  kAnsweredEarly,   ///< the upstream answers already; the rest of the body was not read
  kClientGone,
  kClientFailed,    ///< malformed or too slow; `error` is the client's fault
  kUpstreamFailed,
};

struct UploadResult {
  UploadEnd end = UploadEnd::kComplete;
  base::Error error{base::ErrorCode::kClosed};
  std::uint64_t body_bytes = 0;
};

struct UploadPlan {
  http_io::InboundConnection& client;  ///< its source has the body's framing
  http_io::OutboundConnection& upstream;
  http::BodyKind kind;  ///< kLength or kChunked, on both sides
  base::Duration client_timeout;
  base::Duration upstream_timeout;
};

net::Task<UploadResult> upload(UploadPlan plan);

}  // namespace archestra::proxy
