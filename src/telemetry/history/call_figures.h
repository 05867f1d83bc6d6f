// What one call adds to the figures of its time: counts, and durations by their bucket. As the metrics count
// it (ShardMetrics::count_call), so that sums agree. A value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "telemetry/history/sketch.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {

struct Counts {
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;        ///< calls that ended otherwise than completed or client_cancelled
  std::uint64_t input_tokens = 0;  ///< where the provider said so, as the next one
  std::uint64_t output_tokens = 0;
  std::uint64_t blocked_tool_calls = 0;

  void add(const Counts& other) {
    calls += other.calls;
    errors += other.errors;
    input_tokens += other.input_tokens;
    output_tokens += other.output_tokens;
    blocked_tool_calls += other.blocked_tool_calls;
  }
  bool operator==(const Counts&) const = default;
};

enum class Measure : std::uint8_t {
  kLatency,     ///< of each try, llm_request_duration_seconds
  kFirstToken,  ///< of each try that has one, llm_time_to_first_token_seconds
  kGateway,     ///< of each call, llm_gateway_seconds
};
inline constexpr std::size_t kMeasures = 3;

class CallFigures {
 public:
  explicit CallFigures(const call::CallRecord& call);

  const Counts& counts() const { return counts_; }
  /// The buckets of CoarseScale.
  std::span<const std::uint16_t> of(Measure measure) const {
    const Buckets& buckets = measured_[static_cast<std::size_t>(measure)];
    return std::span(buckets.of).first(buckets.count);
  }

 private:
  struct Buckets {
    std::array<std::uint16_t, kRecordedTriesMax> of;
    std::size_t count = 0;
  };
  void measure(Measure measure, base::Duration duration);

  Counts counts_;
  std::array<Buckets, kMeasures> measured_;
};

/// Figures of many calls that are still being added to.
struct FigureSum {
  Counts counts;
  std::array<SparseSketch, kMeasures> sketches;

  void add(const CallFigures& call);
  void add(const FigureSum& other);
};

}  // namespace archestra::telemetry
