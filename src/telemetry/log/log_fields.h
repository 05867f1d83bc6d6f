// What the log of calls says of a request, field by field, for whoever writes it down: as a line, as a record
// over OTLP. One definition, so that the two cannot disagree. Attributes have OpenTelemetry's name, or that
// which our spans have, where it means the same; what is left is called archestra.<key of the line>
// (docs/decisions/0012-names-in-log-records.md).
#pragma once

#include <cstdint>

#include "telemetry/log/access_log.h"
#include "telemetry/log/field_name.h"
#include "telemetry/otlp/attribute_names.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {
namespace log_fields {

template <class Fields>
void put_usage(Fields& fields, const call::Usage& usage) {
  fields.text({"usage_provenance", "archestra.usage_provenance"}, name_of(usage.provenance));
  if (usage.provenance == call::Provenance::kUnknown) return;
  fields.number({"input_tokens", otlp::kGenAiInputTokens}, usage.input_tokens);
  fields.number({"output_tokens", otlp::kGenAiOutputTokens}, usage.output_tokens);
  fields.number({"cache_read_tokens", otlp::kGenAiCacheReadTokens}, usage.cache_read_tokens);
  fields.number({"cache_write_tokens", otlp::kGenAiCacheCreationTokens}, usage.cache_write_tokens);
  fields.number({"reasoning_tokens", otlp::kGenAiReasoningTokens}, usage.reasoning_tokens);
}

template <class Fields>
void put_request_labels(Fields& fields, const call::RequestLabels& labels) {
  fields.text_unless_empty({"client_agent_id", otlp::kClientAgentId}, labels.agent);
  fields.text_unless_empty({"session_id", otlp::kSessionId}, labels.session);
  fields.text_unless_empty({"run_id", otlp::kRunId}, labels.run);
  fields.text_unless_empty({"user_id", otlp::kUserId}, labels.user);
}

// Of the last try: no other was relayed.
template <class Fields>
void put_pace(Fields& fields, const call::TryRecord& attempt) {
  if (attempt.time_to_first_byte_sent)
    fields.milliseconds({"time_to_first_byte_ms", "archestra.time_to_first_byte_ms"},
                        *attempt.time_to_first_byte_sent);
  if (!attempt.time_to_first_token) return;
  fields.milliseconds({"time_to_first_token_ms", "archestra.time_to_first_token_ms"},
                      *attempt.time_to_first_token);
  if (attempt.time_to_last_token)
    fields.milliseconds({"time_to_last_token_ms", "archestra.time_to_last_token_ms"},
                        *attempt.time_to_last_token);
  fields.number({"stalls", "archestra.stalls"}, attempt.gaps.stalls);
}

template <class Fields>
void put_call(Fields& fields, const FinishedRequest& request) {
  const call::CallRecord& call = request.call;
  fields.text({"outcome", otlp::kOutcome}, name_of(call.outcome));
  fields.text({"provider", otlp::kLlmProvider}, call.route.provider);
  fields.text_unless_empty({"operation", "archestra.operation"}, request.operation.name);
  fields.text_unless_empty({"model", otlp::kGenAiRequestModel}, call.requested_model);
  fields.text_unless_empty({"response_model", otlp::kGenAiResponseModel}, call.response_model);
  fields.boolean({"stream", otlp::kLlmStream}, call.stream);
  fields.text_unless_empty({"agent_id", otlp::kAgentId}, request.agent_id);
  fields.text_unless_empty({"agent_name", otlp::kAgentName}, request.agent_name);
  if (!request.labels.empty()) fields.labels(request.labels);
  put_request_labels(fields, call.request_labels);
  put_usage(fields, call.usage);
  if (call.undelivered_tokens > 0)
    fields.number({"undelivered_tokens", "archestra.undelivered_tokens"}, call.undelivered_tokens);
  if (!call.tries.empty()) put_pace(fields, call.tries.back());
  fields.milliseconds({"gateway_ms", "archestra.gateway_ms"}, call.gateway_time);
  fields.number({"tries", "archestra.tries"}, call.tries.size());
  if (!call.finish_reasons.empty())
    fields.list({"finish_reasons", otlp::kGenAiFinishReasons}, call.finish_reasons);
  fields.number({"tool_calls", "archestra.tool_calls"}, call.tool_calls);
  fields.number({"tool_results", "archestra.tool_results"}, call.tool_results);
  if (call.blocked_tool_calls > 0)
    fields.number({"blocked_tool_calls", "archestra.blocked_tool_calls"}, call.blocked_tool_calls);
  if (call.policy.results_blocked > 0)
    fields.number({"blocked_tool_results", "archestra.blocked_tool_results"}, call.policy.results_blocked);
}

}  // namespace log_fields

/// `Fields` has the functions of LineFields, which are called in the order of the line. Inlined into each
/// sink, for there is no time for thirty virtual calls.
template <class Fields>
void put_fields(Fields& fields, const FinishedRequest& finished) {
  const call::RequestRecord& request = finished.request;
  fields.time(request.started_at + request.duration);
  fields.level(log_level_of(request));
  fields.message(request.call != nullptr ? LineMessage{"llm call", "archestra.llm_call"}
                                         : LineMessage{"http request", "archestra.http_request"});
  fields.text({"method", "http.request.method"}, request.method);
  fields.text({"route", "http.route"}, request.route);
  fields.number({"status_code", "http.response.status_code"},
                static_cast<std::uint64_t>(request.status_code));
  fields.milliseconds({"duration_ms", "archestra.duration_ms"}, request.duration);
  if (request.call != nullptr) log_fields::put_call(fields, finished);
  fields.number({"request_bytes", "http.request.body.size"}, request.request_body_bytes);
  fields.number({"response_bytes", "http.response.body.size"}, request.response_body_bytes);
  fields.text_unless_empty({"client_address", "client.address"}, request.client_address);
  fields.trace(request.trace);
  fields.text_unless_empty({"error_type", "error.type"}, error_type_of(finished));
}

}  // namespace archestra::telemetry
