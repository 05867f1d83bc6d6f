#include "call/outcome.h"

namespace archestra::call {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCompleted:
      return "completed";
    case Outcome::kUpstreamError:
      return "upstream_error";
    case Outcome::kUpstreamUnreachable:
      return "upstream_unreachable";
    case Outcome::kUpstreamTimeout:
      return "upstream_timeout";
    case Outcome::kUpstreamTruncated:
      return "upstream_truncated";
    case Outcome::kClientCancelled:
      return "client_cancelled";
    case Outcome::kRefusedAuth:
      return "refused_auth";
    case Outcome::kRefusedLimit:
      return "refused_limit";
    case Outcome::kRefusedOverload:
      return "refused_overload";
    case Outcome::kInvalidRequest:
      return "invalid_request";
    case Outcome::kShutdown:
      return "shutdown";
    case Outcome::kInternalError:
      return "internal_error";
  }
  return "internal_error";
}

bool is_span_error(Outcome outcome) {
  return outcome != Outcome::kCompleted && outcome != Outcome::kClientCancelled;
}

}  // namespace archestra::call
