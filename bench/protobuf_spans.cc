#include "protobuf_spans.h"

#include <string>
#include <string_view>

#include "telemetry/otlp/attribute_names.h"

namespace archestra::rival {
namespace {

using namespace telemetry::otlp;
using telemetry::FinishedRequest;

/// Of a span or an event: `List` has add_attributes().
template <class List>
class Attributes {
 public:
  explicit Attributes(List& list) : list_(list) {}

  void string(std::string_view key, std::string_view value) {
    value_of(key).set_string_value(value.data(), value.size());
  }
  void string_unless_empty(std::string_view key, std::string_view value) {
    if (!value.empty()) string(key, value);
  }
  void boolean(std::string_view key, bool value) { value_of(key).set_bool_value(value); }
  void integer(std::string_view key, std::uint64_t value) {
    value_of(key).set_int_value(static_cast<std::int64_t>(value));
  }
  void real(std::string_view key, double value) { value_of(key).set_double_value(value); }
  void number(std::string_view key, std::optional<std::int64_t> value) {
    if (value) value_of(key).set_int_value(*value);
  }
  void number(std::string_view key, std::optional<double> value) {
    if (value) real(key, *value);
  }
  template <class Texts>
  void strings(std::string_view key, const Texts& values) {
    ArrayValue& array = *value_of(key).mutable_array_value();
    for (const std::string_view text : values) array.add_values()->set_string_value(text.data(), text.size());
  }

 private:
  AnyValue& value_of(std::string_view key) {
    KeyValue& pair = *list_.add_attributes();
    pair.set_key(key.data(), key.size());
    return *pair.mutable_value();
  }

  List& list_;
};

template <std::size_t N>
const char* data_of(const base::HexId<N>& id) {
  return reinterpret_cast<const char*>(id.bytes.data());
}

void put_labels(Attributes<Span>& attributes, const call::RequestLabels& labels) {
  attributes.string_unless_empty(kClientAgentId, labels.agent);
  attributes.string_unless_empty(kSessionId, labels.session);
  attributes.string_unless_empty(kGenAiConversationId, labels.session);
  attributes.string_unless_empty(kRunId, labels.run);
  attributes.string_unless_empty(kUserId, labels.user);
}

void put_times(Span& span, base::WallTime started_at, base::Duration duration) {
  span.set_start_time_unix_nano(base::unix_nanos(started_at));
  span.set_end_time_unix_nano(base::unix_nanos(started_at + duration));
}

void put_ids(Span& span, const call::TraceContext& trace, const base::SpanId& id,
             const base::SpanId& parent) {
  span.set_trace_id(data_of(trace.trace_id), trace.trace_id.bytes.size());
  span.set_span_id(data_of(id), id.bytes.size());
  span.set_trace_state(trace.tracestate.data(), trace.tracestate.size());
  if (parent.is_valid()) span.set_parent_span_id(data_of(parent), parent.bytes.size());
  span.set_flags(0x100U | (trace.sampled ? 1U : 0U) | (trace.random ? 2U : 0U));
}

void put_address(Attributes<Span>& attributes, std::string_view address, std::uint16_t port) {
  attributes.string_unless_empty("server.address", address);
  if (!address.empty() && port != 0) attributes.integer("server.port", port);
}

// Of a request that has a call which failed, as the one that is measured.
void add_server_span(const FinishedRequest& finished, ScopeSpans& spans) {
  const call::RequestRecord& request = finished.request;
  Span& span = *spans.add_spans();
  put_ids(span, request.trace, request.trace.span_id, request.trace.parent_span_id);
  if (request.trace.parent_span_id.is_valid()) span.set_flags(span.flags() | 0x200U);
  std::string& name = *span.mutable_name();
  name.assign(request.method).append(" ").append(request.route);
  span.set_kind(2);
  put_times(span, request.started_at, request.duration);
  Attributes<Span> attributes(span);
  attributes.string("http.request.method", request.method);
  attributes.string_unless_empty("url.path", request.url_path);
  attributes.string("url.scheme", request.is_https ? "https" : "http");
  attributes.string("http.route", request.route);
  attributes.integer("http.response.status_code", static_cast<std::uint64_t>(request.status_code));
  put_address(attributes, request.server_address, request.server_port);
  attributes.string_unless_empty("client.address", request.client_address);
  attributes.string_unless_empty("user_agent.original", request.user_agent);
  attributes.string("network.protocol.version", request.http_minor_version == 0 ? "1.0" : "1.1");
  attributes.string(kOutcome, name_of(finished.call.outcome));
  put_labels(attributes, finished.call.request_labels);
  attributes.string_unless_empty("error.type", request.error_type);
  span.mutable_status()->set_code(2);
}

void put_parameters(Attributes<Span>& attributes, const call::RequestParameters& parameters) {
  const call::RequestNumbers& numbers = parameters.numbers;
  attributes.number(kGenAiRequestMaxTokens, numbers.max_tokens);
  attributes.number(kGenAiRequestTemperature, numbers.temperature);
  attributes.number(kGenAiRequestTopP, numbers.top_p);
  attributes.number(kGenAiRequestTopK, numbers.top_k);
  attributes.number(kGenAiRequestFrequencyPenalty, numbers.frequency_penalty);
  attributes.number(kGenAiRequestPresencePenalty, numbers.presence_penalty);
  attributes.number(kGenAiRequestSeed, numbers.seed);
  if (numbers.choice_count != 1) attributes.number(kGenAiRequestChoiceCount, numbers.choice_count);
  attributes.number(kGenAiEmbeddingsDimensionCount, numbers.dimension_count);
  if (!parameters.stop_sequences.empty())
    attributes.strings(kGenAiRequestStopSequences, parameters.stop_sequences);
  attributes.string_unless_empty(kGenAiOutputType, name_of(parameters.output_type));
  if (!parameters.encoding_format.empty())
    attributes.strings(kGenAiRequestEncodingFormats,
                       std::array{std::string_view(parameters.encoding_format)});
  attributes.string_unless_empty(kOpenAiRequestServiceTier, parameters.service_tier);
}

void put_request(Attributes<Span>& attributes, const FinishedRequest& finished) {
  const call::CallRecord& call = finished.call;
  attributes.string(kRouteCategory, kRouteCategoryValue);
  attributes.string(kLlmProvider, call.route.provider);
  attributes.string_unless_empty(kLlmModel, call.requested_model);
  attributes.boolean(kLlmStream, call.stream);
  attributes.string_unless_empty(kAgentId, finished.agent_id);
  attributes.string_unless_empty(kAgentName, finished.agent_name);
  std::string key;
  for (const telemetry::LabelView& label : finished.labels) {
    key.assign(kAgentLabelPrefix).append(label.key);
    attributes.string(key, label.value);
  }
  put_labels(attributes, call.request_labels);
  attributes.string_unless_empty(kGenAiOperationName, finished.operation.gen_ai_operation);
  attributes.string(kGenAiProviderName, gen_ai_provider(call.route.provider));
  attributes.string_unless_empty(kGenAiRequestModel, call.requested_model);
  if (call.stream) attributes.boolean(kGenAiRequestStream, true);
  attributes.string_unless_empty(kOpenAiApiType, openai_api_type(finished.operation.name));
  if (call.parameters != nullptr) put_parameters(attributes, *call.parameters);
  attributes.string("http.request.method", finished.request.method);
}

void put_response(Attributes<Span>& attributes, const call::CallRecord& call) {
  attributes.string_unless_empty(kGenAiResponseModel, call.response_model);
  attributes.string_unless_empty(kGenAiResponseId, call.response_id);
  attributes.string_unless_empty(kOpenAiResponseServiceTier, call.response_service_tier);
  attributes.string_unless_empty(kOpenAiSystemFingerprint, call.system_fingerprint);
  if (!call.finish_reasons.empty()) attributes.strings(kGenAiFinishReasons, call.finish_reasons);
  const call::Usage& usage = call.usage;
  attributes.integer(kGenAiInputTokens, usage.input_tokens);
  attributes.integer(kGenAiOutputTokens, usage.output_tokens);
  if (usage.cache_read_tokens > 0) attributes.integer(kGenAiCacheReadTokens, usage.cache_read_tokens);
  if (usage.cache_write_tokens > 0) attributes.integer(kGenAiCacheCreationTokens, usage.cache_write_tokens);
  if (usage.reasoning_tokens > 0) attributes.integer(kGenAiReasoningTokens, usage.reasoning_tokens);
}

Event& add_event(Span& span, base::WallTime time, std::string_view name) {
  Event& event = *span.add_events();
  event.set_time_unix_nano(base::unix_nanos(time));
  event.set_name(name.data(), name.size());
  return event;
}

void add_decision(Span& span, base::WallTime time, const FinishedRequest::Decision& decision) {
  Attributes<Event> attributes(add_event(span, time, kDecisionEvent));
  attributes.string(kGenAiToolName, decision.tool);
  attributes.string(kDecision, name_of(decision.decision));
  if (decision.policy_id) attributes.string(kDecisionPolicyId, decision.policy_id->text());
  attributes.string_unless_empty(kDecisionReason, decision.reason);
}

void add_events(Span& span, const FinishedRequest& finished, std::size_t index) {
  const call::TryRecord& attempt = finished.tries[index];
  if (attempt.time_to_first_token)
    add_event(span, attempt.started_at + *attempt.time_to_first_token, kGenAiFirstTokenEvent);
  for (const call::Stall& stall : attempt.stalls)
    Attributes<Event>(add_event(span, attempt.started_at + stall.began, kStallEvent))
        .real(kStallDuration, base::to_seconds(stall.length));
  const base::WallTime end = attempt.started_at + attempt.duration;
  if (attempt.retried_after) {
    Attributes<Event> attributes(add_event(span, end, kRetryEvent));
    attributes.real(kRetryDelay, base::to_seconds(*attempt.retried_after));
    attributes.string("error.type", attempt.error_type);
  }
  if (index + 1 == finished.tries.size())
    for (const FinishedRequest::Decision& decision : finished.decisions) add_decision(span, end, decision);
}

void add_client_span(const FinishedRequest& finished, std::size_t index, ScopeSpans& spans) {
  const call::CallRecord& call = finished.call;
  const call::TraceContext& trace = finished.request.trace;
  const call::TryRecord& attempt = call.tries[index];
  Span& span = *spans.add_spans();
  put_ids(span, trace, attempt.span_id, trace.span_id);
  span.mutable_name()->assign(call.route.provider).append(".").append(finished.operation.name);
  span.set_kind(3);
  put_times(span, attempt.started_at, attempt.duration);
  Attributes<Span> attributes(span);
  put_request(attributes, finished);
  attributes.integer("http.response.status_code", static_cast<std::uint64_t>(attempt.status_code));
  put_address(attributes, attempt.server_address, attempt.server_port);
  if (index > 0) attributes.integer("http.request.resend_count", index);
  if (call.stream && attempt.time_to_first_token)
    attributes.real(kGenAiTimeToFirstChunk, base::to_seconds(*attempt.time_to_first_token));
  attributes.string(kOutcome, name_of(attempt.outcome));
  attributes.string("error.type", attempt.error_type);
  if (index + 1 == call.tries.size()) put_response(attributes, call);
  add_events(span, finished, index);
  span.mutable_status()->set_code(2);
}

}  // namespace

void add_spans(const FinishedRequest& request, ScopeSpans& spans) {
  add_server_span(request, spans);
  for (std::size_t i = 0; i < request.tries.size(); ++i) add_client_span(request, i, spans);
}

}  // namespace archestra::rival
