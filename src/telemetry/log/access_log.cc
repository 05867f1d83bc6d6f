#include "telemetry/log/access_log.h"

#include "telemetry/log/line_fields.h"

namespace archestra::telemetry {
namespace {

void append_usage(LineFields& fields, const call::Usage& usage) {
  fields.text("usage_provenance", name_of(usage.provenance));
  if (usage.provenance == call::Provenance::kUnknown) return;
  fields.number("input_tokens", usage.input_tokens);
  fields.number("output_tokens", usage.output_tokens);
  fields.number("cache_read_tokens", usage.cache_read_tokens);
  fields.number("cache_write_tokens", usage.cache_write_tokens);
  fields.number("reasoning_tokens", usage.reasoning_tokens);
}

void append_request_labels(LineFields& fields, const call::RequestLabels& labels) {
  fields.text_unless_empty("client_agent_id", labels.agent);
  fields.text_unless_empty("session_id", labels.session);
  fields.text_unless_empty("run_id", labels.run);
  fields.text_unless_empty("user_id", labels.user);
}

// Of the last try: no other was relayed.
void append_pace(LineFields& fields, const call::TryRecord& attempt) {
  if (attempt.time_to_first_byte_sent)
    fields.milliseconds("time_to_first_byte_ms", *attempt.time_to_first_byte_sent);
  if (!attempt.time_to_first_token) return;
  fields.milliseconds("time_to_first_token_ms", *attempt.time_to_first_token);
  if (attempt.time_to_last_token) fields.milliseconds("time_to_last_token_ms", *attempt.time_to_last_token);
  fields.number("stalls", attempt.gaps.stalls);
}

void append_call(LineFields& fields, const FinishedRequest& request) {
  const call::CallRecord& call = request.call;
  fields.text("outcome", name_of(call.outcome));
  fields.text("provider", call.route.provider);
  fields.text_unless_empty("operation", request.operation.name);
  fields.text_unless_empty("model", call.requested_model);
  fields.text_unless_empty("response_model", call.response_model);
  fields.boolean("stream", call.stream);
  fields.text_unless_empty("agent_id", request.agent_id);
  fields.text_unless_empty("agent_name", request.agent_name);
  if (!request.labels.empty()) fields.labels("labels", request.labels);
  append_request_labels(fields, call.request_labels);
  append_usage(fields, call.usage);
  if (call.undelivered_tokens > 0) fields.number("undelivered_tokens", call.undelivered_tokens);
  if (!call.tries.empty()) append_pace(fields, call.tries.back());
  fields.milliseconds("gateway_ms", call.gateway_time);
  fields.number("tries", call.tries.size());
  if (!call.finish_reasons.empty()) fields.list("finish_reasons", call.finish_reasons);
  fields.number("tool_calls", call.tool_calls);
  fields.number("tool_results", call.tool_results);
  if (call.blocked_tool_calls > 0) fields.number("blocked_tool_calls", call.blocked_tool_calls);
  if (call.policy.results_blocked > 0) fields.number("blocked_tool_results", call.policy.results_blocked);
}

}  // namespace

// Where we made no error of our own, the last try's tells why the call failed; but not of a call whose client
// left while the next try was waited for.
std::string_view error_type_of(const FinishedRequest& finished) {
  if (!finished.request.error_type.empty() || finished.request.call == nullptr || finished.tries.empty())
    return finished.request.error_type;
  return is_span_error(finished.call.outcome) ? finished.tries.back().error_type : std::string_view();
}

base::LogLevel log_level_of(const call::RequestRecord& request) {
  if (request.call == nullptr) return base::LogLevel::kDebug;
  return request.call->outcome == call::Outcome::kCompleted ? base::LogLevel::kInfo : base::LogLevel::kWarn;
}

void append_access_log(std::string& out, const FinishedRequest& finished, base::LogFormat format) {
  const call::RequestRecord& request = finished.request;
  LineFields fields(out, format);
  fields.time("time", request.started_at + request.duration);
  fields.text("level", base::name_of(log_level_of(request)));
  fields.text("message", request.call != nullptr ? "llm call" : "http request");
  fields.text("method", request.method);
  fields.text("route", request.route);
  fields.number("status_code", static_cast<std::uint64_t>(request.status_code));
  fields.milliseconds("duration_ms", request.duration);
  if (request.call != nullptr) append_call(fields, finished);
  fields.number("request_bytes", request.request_body_bytes);
  fields.number("response_bytes", request.response_body_bytes);
  fields.text_unless_empty("client_address", request.client_address);
  fields.hex("trace_id", request.trace.trace_id);
  fields.hex("span_id", request.trace.span_id);
  fields.text_unless_empty("error_type", error_type_of(finished));
  fields.end();
}

}  // namespace archestra::telemetry
