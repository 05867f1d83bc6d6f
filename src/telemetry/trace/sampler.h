// Which traces that start here are recorded: a share of them, decided by the trace id alone, so that
// every process that applies the same rule decides alike and a trace kept at one ratio is kept at every
// larger one (OpenTelemetry's TraceIdRatioBased). An incoming traceparent has decided already: whoever
// asks, asks for roots only. An immutable value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ids.h"

namespace archestra::telemetry {

class RatioSampler {
 public:
  /// `ratio`: 1 and more keeps every trace, 0 and less none.
  explicit RatioSampler(double ratio)
      : keeps_all_(ratio >= 1), threshold_(ratio > 0 && ratio < 1 ? scaled(ratio) : 0) {}

  bool should_sample(const base::TraceId& trace_id) const {
    if (keeps_all_) return true;
    std::uint64_t low = 0;  // the last 8 bytes, big-endian
    for (std::size_t i = 8; i < 16; ++i) low = low << 8 | trace_id.bytes[i];
    return low < threshold_;
  }

 private:
  static std::uint64_t scaled(double ratio) { return static_cast<std::uint64_t>(ratio * 0x1p64); }

  const bool keeps_all_;
  const std::uint64_t threshold_;
};

}  // namespace archestra::telemetry
