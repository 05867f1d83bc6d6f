#include "telemetry/shard_observer.h"

#include <utility>

#include "telemetry/log/access_log.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {

ShardObserver::ShardObserver(const Options& options, const AccessLogLevel& access_log_level,
                             LabelBudgets& budgets, base::MappedMemory ring)
    : options_(options),
      access_log_level_(access_log_level),
      ring_(options.ring_bytes, std::move(ring)),
      metrics_(budgets, options.retirement, options.native_histograms) {}

ShardObserver::ShardObserver(const Options& options, const AccessLogLevel& access_log_level,
                             LabelBudgets& budgets)
    : options_(options),
      access_log_level_(access_log_level),
      ring_(options.ring_bytes),
      metrics_(budgets, options.retirement, options.native_histograms) {}

bool ShardObserver::should_sample(const base::TraceId& trace_id, std::optional<bool> parent_sampled) {
  return options_.sampler.should_sample(trace_id, parent_sampled);
}

void ShardObserver::on_agent_changed(const model::AgentRef& before, const model::AgentRef& after) {
  metrics_.on_agent_changed(before, after);
}

void ShardObserver::on_call_started(const call::Route& route, const model::AgentRef& agent) {
  metrics_.on_call_started(route, agent);
}

void ShardObserver::on_call_accepted(const call::AcceptedCall& call) { metrics_.on_call_accepted(call); }

// The record first: an exemplar names a span only where its record is in the ring.
void ShardObserver::on_request_finished(const call::RequestRecord& record) {
  const bool has_spans = options_.exports_spans && record.trace.sampled;
  const bool has_line = log_level_of(record) >= access_log_level_.value();
  const bool has_call = record.call != nullptr;  // for the history
  const bool is_wanted = has_spans || has_line || has_call;
  const bool is_written =
      is_wanted &&
      write_record(record, ring_, has_spans ? RecordedContent::kCaptured : RecordedContent::kNone);
  metrics_.on_request_finished(
      record, options_.has_exemplars && has_spans && is_written ? SpansRecorded::kYes : SpansRecorded::kNo);
  if (!is_wanted || is_written) return;
  metrics_.on_ring_full({.spans = has_spans ? spans_of(record) : 0,
                         .log_lines = has_line ? std::size_t{1} : 0,
                         .calls = has_call ? std::size_t{1} : 0});
}

}  // namespace archestra::telemetry
