#include "telemetry/history/call_figures.h"

namespace archestra::telemetry {
namespace {

bool is_error(call::Outcome outcome) {
  return outcome != call::Outcome::kCompleted && outcome != call::Outcome::kClientCancelled;
}

}  // namespace

CallFigures::CallFigures(const call::CallRecord& call)
    : counts_{.calls = 1,
              .errors = is_error(call.outcome) ? std::uint64_t{1} : 0,
              .blocked_tool_calls = call.blocked_tool_calls} {
  if (call.usage.provenance == call::Provenance::kProvider) {
    counts_.input_tokens = call.usage.input_tokens;
    counts_.output_tokens = call.usage.output_tokens;
  }
  for (const call::TryRecord& attempt : call.tries) {
    measure(Measure::kLatency, attempt.duration);
    if (attempt.time_to_first_token) measure(Measure::kFirstToken, *attempt.time_to_first_token);
  }
  measure(Measure::kGateway, call.gateway_time);
}

void CallFigures::measure(Measure measure, base::Duration duration) {
  Buckets& buckets = measured_[static_cast<std::size_t>(measure)];
  if (buckets.count < buckets.of.size()) buckets.of[buckets.count++] = CoarseScale::bucket_of(duration);
}

void FigureSum::add(const CallFigures& call) {
  counts.add(call.counts());
  for (std::size_t i = 0; i < kMeasures; ++i)
    for (const std::uint16_t bucket : call.of(static_cast<Measure>(i))) sketches[i].add(bucket);
}

void FigureSum::add(const FigureSum& other) {
  counts.add(other.counts);
  for (std::size_t i = 0; i < kMeasures; ++i) sketches[i].add(other.sketches[i].counts());
}

}  // namespace archestra::telemetry
