// A connection to an upstream: sends a request, reads its response, and can be used again.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "http/body_framing.h"
#include "http/head.h"
#include "http/head_parser.h"
#include "http_io/message_source.h"
#include "http_io/outbox.h"
#include "net/stream.h"
#include "net/task.h"

namespace archestra::http_io {

/// What look_ahead() found.
enum class Ahead : std::uint8_t {
  kNothing,
  kAnswer,  ///< a final response has begun, or what is none
  kEnd,     ///< the stream has ended without one
};

/// Reads the head of the final response from `source`; interim ones (1xx) are skipped, and counted in
/// `interim`, which is 0 again after a final one. Its views stay valid until more is read from `source`. More
/// than 32 of them are malformed. `gone` (may be null) ends the wait with kCancelled. kTimeout, kClosed,
/// kReset, kMalformed, kTooLarge.
net::Task<base::Result<void>> read_final_head(MessageSource& source, int& interim, http::ResponseHead& head,
                                              const http::HeadLimits& limits, base::MonotonicTime deadline,
                                              net::Readiness* gone);

class OutboundConnection {
 public:
  OutboundConnection(net::StreamPtr stream, base::BufferPool& pool)
      : stream_(std::move(stream)), source_(*stream_, pool) {}

  /// As read_final_head(), from source().
  net::Task<base::Result<void>> read_head(http::ResponseHead& head, const http::HeadLimits& limits,
                                          base::MonotonicTime deadline, net::Readiness* gone) {
    return read_final_head(source_, interim_, head, limits, deadline, gone);
  }

  /// Reads what is there, for a sender that must not go on once it is answered. Interim responses are taken
  /// off.
  Ahead look_ahead(const http::HeadLimits& limits);

  /// Since the last final response: whether nothing at all was received, and nothing broke but the end of
  /// the stream.
  bool is_untouched() const { return interim_ == 0 && !broke_ && source_.buffered().empty(); }

  MessageSource& source() { return source_; }
  net::Stream& stream() { return *stream_; }
  /// For whoever keeps connections: a whole response was read on it before.
  bool reused = false;

 private:
  const net::StreamPtr stream_;
  MessageSource source_;
  int interim_ = 0;     // responses since the last final one
  bool broke_ = false;  // look_ahead() saw it: the next read would take it for an end
};

}  // namespace archestra::http_io
