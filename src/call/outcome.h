// How a call ended: one closed set with one meaning for metric, span, log and ledger.
#pragma once

#include <cstdint>
#include <string_view>

namespace archestra::call {

enum class Outcome : std::uint8_t {
  kCompleted,            ///< status below 400, relayed to its end
  kUpstreamError,        ///< status 400 and up, or an error event inside a 200 stream
  kUpstreamUnreachable,  ///< name, connect or TLS failure
  kUpstreamTimeout,      ///< one of our time-outs passed
  kUpstreamTruncated,    ///< broken connection, or a stream without its last event
  kClientCancelled,      ///< the client left first
  kRefusedAuth,          ///< before any try: credentials
  kRefusedLimit,         ///< before any try: a token or cost limit
  kRefusedOverload,      ///< before any try: too much in flight
  kInvalidRequest,       ///< the request makes no sense: before any try, or found out while its body streamed
                         ///< upstream
  kShutdown,             ///< the drain's limit passed
  kInternalError,        ///< a belief of ours broke; must stay 0
};
inline constexpr int kOutcomeCount = 12;

/// snake_case, as in `llm_requests_total{outcome}`.
std::string_view name_of(Outcome outcome);

/// Whether the CLIENT span of a try that ended so has status ERROR. A client that left is no error.
bool is_span_error(Outcome outcome);

}  // namespace archestra::call
