// A client's connection: one request at a time, keep-alive, pipelined requests in order (RFC 9112
// section 9.3). Owns the stream. While it waits for a request it holds no buffer.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "http/head.h"
#include "http/head_parser.h"
#include "http_io/message_source.h"
#include "http_io/outbox.h"
#include "net/stream.h"
#include "net/task.h"

namespace archestra::http_io {

struct InboundLimits {
  http::HeadLimits head;
  base::Duration idle_timeout = std::chrono::seconds(75);  ///< between requests
  base::Duration head_timeout = std::chrono::seconds(10);  ///< from a head's first byte to its last
};

class InboundConnection {
 public:
  InboundConnection(net::StreamPtr stream, base::BufferPool& pool, const InboundLimits& limits)
      : stream_(std::move(stream)), source_(*stream_, pool), limits_(limits) {}

  /// Waits for the next request and reads its head, whose views stay valid until finish_request().
  /// kClosed: the client left between requests, or was silent too long; nothing is to be answered.
  /// kMalformed, kTooLarge, kTimeout (408): `detail` is the status to answer with before closing.
  net::Task<base::Result<void>> read_head(http::RequestHead& head);
  /// When the first byte of the current head arrived.
  base::MonotonicTime request_started() const { return request_started_; }
  /// How much of the time since then the client needed to send the rest of the head.
  base::Duration head_wait() const { return head_wait_; }

  /// The request is over: its head and body may go. What of a body is left unread makes the connection
  /// unfit for another request; the caller then closes it.
  void finish_request();

  MessageSource& source() { return source_; }
  net::Stream& stream() { return *stream_; }

 private:
  base::Result<bool> try_parse(http::RequestHead& head, http::HeadProgress& progress);

  const net::StreamPtr stream_;
  MessageSource source_;
  const InboundLimits& limits_;
  base::MonotonicTime request_started_;
  base::Duration head_wait_{};
};

}  // namespace archestra::http_io
