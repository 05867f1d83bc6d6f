#include "telemetry/metrics/shard_metrics.h"

#include <algorithm>
#include <functional>

#include "telemetry/text.h"

namespace archestra::telemetry {
namespace {

std::size_t mix(std::size_t seed, std::size_t hash) {
  return seed ^ (hash + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

std::size_t index_of(call::Outcome outcome) { return static_cast<std::size_t>(outcome); }

}  // namespace

std::string_view model_label(const call::CallRecord& call) {
  const bool is_accepted = std::ranges::any_of(call.tries, [](const call::TryRecord& attempt) {
    return attempt.status_code >= 200 && attempt.status_code < 400;
  });
  if (!is_accepted || call.requested_model.empty()) return "unknown";
  return cut_text(call.requested_model, kModelBytesMax);
}

std::size_t ShardMetrics::Hash::operator()(const HttpView& view) const {
  return mix(mix(hash_of(view.method), hash_of(view.route)), static_cast<std::size_t>(view.status_code));
}

std::size_t ShardMetrics::Hash::operator()(const LlmView& view) const {
  const auto agent = reinterpret_cast<std::uintptr_t>(view.agent.get());
  return mix(mix(hash_of(view.model), agent >> 4), view.provider.size());
}

ShardMetrics::ShardMetrics() {
  series_.publish(Metric::kTelemetryDropped, lost_spans_labels_, "", &lost_spans_);
  series_.publish(Metric::kTelemetryDropped, lost_lines_labels_, "", &lost_lines_);
}

void ShardMetrics::on_ring_full(std::size_t spans, std::size_t log_lines) {
  lost_spans_.add(spans);
  lost_lines_.add(log_lines);
}

void ShardMetrics::on_call_started(const call::Route& route, const model::AgentRef& agent) {
  AgentBlock& block = agent_block({route.provider, "", agent});
  block.started.add();
  block.in_flight.add(1);
}

void ShardMetrics::on_request_finished(const call::RequestRecord& record) {
  http_block({record.method, record.route, record.status_code}).duration.observe(record.duration);
  if (record.call != nullptr) count_call(*record.call);
}

void ShardMetrics::count_call(const call::CallRecord& call) {
  LlmBlock& block = llm_block({call.route.provider, model_label(call), call.agent});
  for (const call::TryRecord& attempt : call.tries) observe_try(block, attempt);
  count_tokens(block, call.usage);
  const std::string_view outcome = name_of(call.outcome);
  shown(block.requests[index_of(call.outcome)], Metric::kLlmRequests, block.labels, outcome).add();

  AgentBlock& agent = agent_block({call.route.provider, "", call.agent});
  shown(agent.finalized[index_of(call.outcome)], Metric::kLlmAccountingFinalized, agent.labels, outcome)
      .add();
  agent.in_flight.add(-1);  // the last: see Metric
}

void ShardMetrics::observe_try(LlmBlock& block, const call::TryRecord& attempt) {
  try_block(block, attempt.status_code).duration.observe(attempt.duration);
  if (!attempt.time_to_first_token) return;
  shown(block.time_to_first_token, Metric::kLlmTimeToFirstToken, block.labels, "")
      .observe(*attempt.time_to_first_token);
}

void ShardMetrics::count_tokens(LlmBlock& block, const call::Usage& usage) {
  if (usage.provenance == call::Provenance::kProvider) {
    block.input_tokens.add(usage.input_tokens);
    block.output_tokens.add(usage.output_tokens);
  } else if (usage.provenance == call::Provenance::kEstimate) {
    constexpr Metric kMetric = Metric::kLlmEstimatedTokens;
    shown(block.estimated_input_tokens, kMetric, block.labels, "input").add(usage.input_tokens);
    shown(block.estimated_output_tokens, kMetric, block.labels, "output").add(usage.output_tokens);
  }
}

template <class C>
C& ShardMetrics::shown(Lazy<C>& lazy, Metric metric, const LabelBase& base, std::string_view last) {
  if (!lazy.is_published) [[unlikely]] {
    lazy.is_published = true;
    series_.publish(metric, base, std::string(last), &lazy.cell);
  }
  return lazy.cell;
}

ShardMetrics::HttpBlock& ShardMetrics::http_block(const HttpView& view) {
  if (const auto found = http_.find(view); found != http_.end()) [[likely]]
    return found->second;
  HttpBlock& block = http_[HttpKey(view)];
  block.labels.values = {std::string(view.method), std::string(view.route), std::to_string(view.status_code)};
  series_.publish(Metric::kHttpRequestDuration, block.labels, "", &block.duration);
  return block;
}

ShardMetrics::LlmBlock& ShardMetrics::llm_block(const LlmView& view) {
  if (const auto found = llm_.find(view); found != llm_.end()) [[likely]]
    return found->second;
  LlmBlock& block = llm_[LlmKey(view)];
  block.labels = llm_labels(view.provider, view.model, view.agent);
  series_.publish(Metric::kLlmTokens, block.labels, "input", &block.input_tokens);
  series_.publish(Metric::kLlmTokens, block.labels, "output", &block.output_tokens);
  return block;
}

ShardMetrics::AgentBlock& ShardMetrics::agent_block(const LlmView& view) {
  if (const auto found = agents_.find(view); found != agents_.end()) [[likely]]
    return found->second;
  AgentBlock& block = agents_[LlmKey(view)];
  block.labels = agent_base_labels(view.provider, view.agent);
  series_.publish(Metric::kLlmRequestsInFlight, block.labels, "", &block.in_flight);
  series_.publish(Metric::kLlmAccountingStarted, block.labels, "", &block.started);
  return block;
}

ShardMetrics::TryBlock& ShardMetrics::try_block(LlmBlock& block, int status_code) {
  for (TryBlock& known : block.tries)
    if (known.status_code == status_code) return known;
  TryBlock& made = block.tries.emplace_back(status_code);
  series_.publish(Metric::kLlmRequestDuration, block.labels, std::to_string(status_code), &made.duration);
  return made;
}

}  // namespace archestra::telemetry
