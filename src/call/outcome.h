// How a call ended: one closed set with one meaning for metric, span and log.
#pragma once

#include <cstdint>
#include <string_view>

namespace archestra::call {

enum class Outcome : std::uint8_t {
  kCompleted,      ///< the whole answer was relayed, and it was no error
  kUpstreamError,  ///< the provider answered with an error: a status from 400 on, or an event that says so
  kUpstreamUnreachable,  ///< no connection: the name, the connect or TLS failed
  kUpstreamTimeout,      ///< a limit of ours on how long the provider may take
  kUpstreamTruncated,    ///< the answer broke off, or a stream stopped short of its end
  kClientCancelled,      ///< nobody waited for the answer any more
  kRefusedAuth,          ///< by us, for its credentials; not yet made
  kRefusedLimit,         ///< by us, for what was used up; not yet made
  kRefusedOverload,      ///< by us, for what is under way; also in mid-answer, without memory to decode it
  kInvalidRequest,  ///< by us, for what it is; also where that shows only while its body streams upstream
  kShutdown,        ///< cut off at the end of the drain
  kInternalError,   ///< a mistake of ours; never expected
};
inline constexpr int kOutcomeCount = 12;

/// snake_case, as in `llm_requests_total{outcome}`.
std::string_view name_of(Outcome outcome);

/// Whether the CLIENT span of a try that ended so has status ERROR. A client that left is no error.
bool is_span_error(Outcome outcome);

}  // namespace archestra::call
