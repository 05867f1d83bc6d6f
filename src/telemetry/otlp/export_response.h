// What a collector's answer means (OTLP/HTTP specification, "OTLP/HTTP Response"). Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace archestra::telemetry::otlp {

/// Only these may be tried again: 429, 502, 503, 504.
bool is_retryable(int http_status);

/// rejected_spans of an ExportTraceServiceResponse; 0 where there is none or the bytes make no sense.
std::uint64_t rejected_spans(std::string_view response);

/// The wait a Retry-After value asks for in seconds (RFC 9110 section 10.2.3); zero for a date or nonsense.
base::Duration retry_after(std::string_view value);

}  // namespace archestra::telemetry::otlp
