// The series of one label set, as calls make them.
#pragma once

#include <array>
#include <utility>

#include "telemetry/metrics/shard_metrics.h"
#include "telemetry/test_records.h"

namespace archestra::telemetry {

/// A call of each kind that a set is likely to see in its life: makes its 145 lines or so.
inline void fill_set(ShardMetrics& shard, SampleCall& sample, SpansRecorded spans = SpansRecorded::kNo) {
  using call::Outcome;
  constexpr std::array<std::pair<int, Outcome>, 5> kEnds{{{200, Outcome::kCompleted},
                                                          {200, Outcome::kClientCancelled},
                                                          {429, Outcome::kUpstreamError},
                                                          {500, Outcome::kUpstreamError},
                                                          {503, Outcome::kUpstreamError}}};
  std::array<call::TryRecord, 2> tries{sample.tries[0], sample.tries[0]};  // the model stays a label
  for (const auto& [status, outcome] : kEnds) {
    tries[0].status_code = status;
    sample.call.tries = tries;
    sample.call.outcome = outcome;
    sample.call.usage.provenance =
        outcome == Outcome::kClientCancelled ? call::Provenance::kEstimate : call::Provenance::kProvider;
    shard.on_call_started(sample.call.route, sample.call.agent);
    shard.on_request_finished(sample.request, spans);
  }
}

}  // namespace archestra::telemetry
