// Which requests leave spans. Where an incoming traceparent has decided, that is kept as a rule; of the
// traces that start here it is a share of them, decided by the trace id alone, so that every process that
// applies the same rule decides alike and a trace kept at one ratio is kept at every larger one
// (OpenTelemetry's ParentBased and TraceIdRatioBased). An immutable value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ids.h"

namespace archestra::telemetry {

class Sampler {
 public:
  /// What the decision of an incoming traceparent is worth.
  enum class Parent : std::uint8_t { kDecides, kIsIgnored };

  /// `ratio`: 1 and more keeps every trace, 0 and less none.
  explicit Sampler(double ratio, Parent parent = Parent::kDecides)
      : parent_decides_(parent == Parent::kDecides),
        keeps_all_(ratio >= 1),
        threshold_(ratio > 0 && ratio < 1 ? scaled(ratio) : 0) {}

  /// `parent_sampled`: none for a trace that starts here.
  bool should_sample(const base::TraceId& trace_id, std::optional<bool> parent_sampled) const {
    if (parent_sampled && parent_decides_) return *parent_sampled;
    if (keeps_all_) return true;
    std::uint64_t low = 0;  // the last 8 bytes, big-endian
    for (std::size_t i = 8; i < 16; ++i) low = low << 8 | trace_id.bytes[i];
    return low < threshold_;
  }

 private:
  static std::uint64_t scaled(double ratio) { return static_cast<std::uint64_t>(ratio * 0x1p64); }

  const bool parent_decides_;
  const bool keeps_all_;
  const std::uint64_t threshold_;
};

}  // namespace archestra::telemetry
