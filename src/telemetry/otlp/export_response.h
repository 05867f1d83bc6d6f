// What a collector's answer means (OTLP/HTTP specification, "OTLP/HTTP Response"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace archestra::telemetry::otlp {

/// Only these may be tried again: 429, 502, 503, 504.
bool is_retryable(int http_status);

/// partial_success of an ExportTraceServiceResponse; those of logs and metrics have the same field numbers.
struct PartialSuccess {
  std::uint64_t rejected_items = 0;  ///< spans, log records, data points
  std::string error_message;         ///< alone it is a warning
};
/// Empty where there is none; as far as the bytes make sense.
PartialSuccess parse_partial_success(std::string_view response);

}  // namespace archestra::telemetry::otlp
