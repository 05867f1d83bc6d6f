// What a collector's answer means (OTLP/HTTP specification, "OTLP/HTTP Response"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace archestra::telemetry::otlp {

/// Only these may be tried again: 429, 502, 503, 504.
bool is_retryable(int http_status);

/// partial_success of an ExportTraceServiceResponse.
struct PartialSuccess {
  std::uint64_t rejected_spans = 0;
  std::string error_message;  ///< alone it is a warning
};
/// Empty where there is none; as far as the bytes make sense.
PartialSuccess parse_partial_success(std::string_view response);

/// The wait that a Retry-After value asks for at `now`, in seconds or by a date (RFC 9110 sections 10.2.3
/// and 5.6.7), five minutes at most; zero for nonsense and for what has passed.
base::Duration retry_after(std::string_view value, base::WallTime now);

}  // namespace archestra::telemetry::otlp
