// An answer of server-sent events, as they come: at once, in chunks, until the stream's time is up, its
// client leaves, or the shard drains.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "http/head.h"
#include "http_io/event_stream.h"
#include "http_io/inbound_connection.h"
#include "net/task.h"

namespace archestra::proxy {

struct EventReply {
  http_io::EventStream& events;
  std::string_view first;              ///< events that are sent first
  std::string_view extra_fields = {};  ///< whole field lines with CRLF, 512 bytes at most
  base::MonotonicTime until;           ///< when it ends by itself
  base::Duration stall;                ///< how long a client may take nothing
  net::Readiness& drain_begins;        ///< readable: it ends now
};

enum class EventReplyEnd : std::uint8_t {
  kComplete,    ///< with its last chunk
  kBrokenOff,   ///< between: the client has to see that it is not whole
  kClientGone,  ///< or was cut off
};

struct EventReplyResult {
  EventReplyEnd end;
  std::uint64_t body_bytes;
};

/// The connection is of no more use afterwards. No body where the request was a HEAD. To an HTTP/1.0 client
/// it goes without chunks.
net::Task<EventReplyResult> send_events(http_io::InboundConnection& client, const http::RequestHead& request,
                                        EventReply reply);

}  // namespace archestra::proxy
