// Bytes to RequestHead or ResponseHead (RFC 9112 sections 2 to 5), strict: what two parsers could read
// differently is refused. Bare CR, bare LF, obs-fold, white space before a colon, control characters,
// an empty or repeated Host, more than one kind of framing: all malformed. No I/O, no allocation.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "http/head.h"

namespace archestra::http {

struct HeadLimits {
  std::size_t head_bytes_max = 64 * 1024;  ///< start line and fields with their line ends
  std::size_t line_bytes_max = 16 * 1024;  ///< the start line, or a field line, with its line end
};

/// How far the search for the end of a head has come, so that bytes arriving one at a time cost
/// linear time. Starts at zero for each head; offsets, so the bytes may move between calls.
struct HeadProgress {
  std::size_t scanned = 0;
  std::size_t line = 0;   ///< where the line begins that has not ended
  std::size_t start = 0;  ///< where the start line begins
};

/// The number of bytes of the head, its empty line included; 0 where the head is not complete yet.
/// Empty lines before a request line are skipped and counted (RFC 9112 section 2.2); at most 8 of them.
/// Views in `head` point into `bytes` or to static storage. An absolute-form's authority has to be that of
/// the Host field. The answer depends on the bytes alone, not on how
/// they were cut: line ends and lengths are judged as they come, the rest once the head is complete.
/// Errors: kMalformed with status 400, 501 (CONNECT, TRACE) or 505 (version), kTooLarge with 414 (request
/// line) or 431 (fields).
base::Result<std::size_t> parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                             HeadProgress& progress, RequestHead& head);

/// The same for a response; errors carry 502.
base::Result<std::size_t> parse_response_head(std::string_view bytes, const HeadLimits& limits,
                                              HeadProgress& progress, ResponseHead& head);

}  // namespace archestra::http
