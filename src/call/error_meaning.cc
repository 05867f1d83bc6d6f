#include "call/error_meaning.h"

namespace archestra::call {
namespace {

using base::ErrorCode;
using base::LogLevel;

constexpr ErrorMeaning kRefused{502, Outcome::kUpstreamUnreachable, LogLevel::kWarn, "connection_refused",
                                "The provider refused the connection."};
constexpr ErrorMeaning kUnreachable{502, Outcome::kUpstreamUnreachable, LogLevel::kWarn,
                                    "upstream_unreachable", "The provider could not be reached."};
constexpr ErrorMeaning kName{502, Outcome::kUpstreamUnreachable, LogLevel::kWarn, "name_not_found",
                             "The provider's host name could not be resolved."};
constexpr ErrorMeaning kTls{502, Outcome::kUpstreamUnreachable, LogLevel::kWarn, "tls_failure",
                            "No trusted TLS connection to the provider could be made."};
constexpr ErrorMeaning kProxy{502, Outcome::kUpstreamUnreachable, LogLevel::kWarn, "proxy_failed",
                              "The proxy on the way to the provider gave no connection."};
constexpr ErrorMeaning kConnectTimeout{504, Outcome::kUpstreamTimeout, LogLevel::kWarn, "connect_timeout",
                                       "No connection to the provider came about in time."};
constexpr ErrorMeaning kFirstByteTimeout{504, Outcome::kUpstreamTimeout, LogLevel::kWarn,
                                         "first_byte_timeout",
                                         "The provider did not begin to answer in time."};
constexpr ErrorMeaning kIdleTimeout{504, Outcome::kUpstreamTimeout, LogLevel::kWarn, "idle_timeout",
                                    "The connection to the provider stood still for too long."};
constexpr ErrorMeaning kTotalTimeout{504, Outcome::kUpstreamTimeout, LogLevel::kWarn, "total_timeout",
                                     "The call took longer than a call may."};
constexpr ErrorMeaning kBroken{502, Outcome::kUpstreamTruncated, LogLevel::kWarn, "upstream_truncated",
                               "The provider broke the connection before its answer was complete."};
constexpr ErrorMeaning kMalformed{502, Outcome::kUpstreamTruncated, LogLevel::kWarn, "upstream_malformed",
                                  "The provider's answer was not valid HTTP."};
// Not before the head: nothing is decoded by then.
constexpr ErrorMeaning kDecodedTooLarge{502, Outcome::kUpstreamTruncated, LogLevel::kWarn,
                                        "decoded_too_large",
                                        "The provider's answer was too large once it was decoded."};
constexpr ErrorMeaning kOverload{503, Outcome::kRefusedOverload, LogLevel::kWarn, "overloaded",
                                 "The gateway has too many calls in flight."};
constexpr ErrorMeaning kConnectionsInUse{503, Outcome::kRefusedOverload, LogLevel::kDebug, "overloaded",
                                         "All connections to the provider are in use."};
constexpr ErrorMeaning kShutdown{503, Outcome::kShutdown, LogLevel::kWarn, "shutting_down",
                                 "The gateway is shutting down."};
constexpr ErrorMeaning kInternal{500, Outcome::kInternalError, LogLevel::kError, "internal_error",
                                 "The gateway failed."};

const ErrorMeaning& meaning_of(TimeLimit limit) {
  switch (limit) {
    case TimeLimit::kConnect:
      return kConnectTimeout;
    case TimeLimit::kFirstByte:
      return kFirstByteTimeout;
    case TimeLimit::kIdle:
      return kIdleTimeout;
    case TimeLimit::kTotal:
      return kTotalTimeout;
  }
  return kTotalTimeout;
}

}  // namespace

const ErrorMeaning& meaning_before_head(ErrorCode code, TimeLimit limit) {
  switch (code) {
    case ErrorCode::kRefused:
      return kRefused;
    case ErrorCode::kUnreachable:
    case ErrorCode::kSystem:
      return kUnreachable;
    case ErrorCode::kNameNotFound:
      return kName;
    case ErrorCode::kTls:
      return kTls;
    case ErrorCode::kProxy:
      return kProxy;
    case ErrorCode::kTimeout:
      return meaning_of(limit);
    case ErrorCode::kClosed:
    case ErrorCode::kReset:
      return kBroken;
    case ErrorCode::kMalformed:
    case ErrorCode::kTooLarge:
      return kMalformed;
    case ErrorCode::kOverload:
      return kConnectionsInUse;
    case ErrorCode::kCancelled:
      return kShutdown;
    case ErrorCode::kInvalid:
      return kInternal;
  }
  return kInternal;
}

const ErrorMeaning& meaning_after_head(ErrorCode code, TimeLimit limit) {
  switch (code) {
    case ErrorCode::kTimeout:
      return meaning_of(limit);
    case ErrorCode::kCancelled:
      return kShutdown;
    case ErrorCode::kMalformed:
      return kMalformed;
    case ErrorCode::kTooLarge:
      return kDecodedTooLarge;
    case ErrorCode::kOverload:
      return kOverload;
    default:
      return kBroken;
  }
}

}  // namespace archestra::call
