#include "telemetry/otlp/span_encoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>

#include "telemetry/otlp/attribute_names.h"
#include "telemetry/otlp/attributes.h"
#include "telemetry/otlp/ids.h"
#include "telemetry/text.h"

namespace archestra::telemetry::otlp {
namespace {

// Field numbers of opentelemetry.proto.trace.v1.
constexpr std::uint32_t kScopeSpansSpans = 2;

constexpr std::uint32_t kSpanTraceId = 1;
constexpr std::uint32_t kSpanSpanId = 2;
constexpr std::uint32_t kSpanTraceState = 3;
constexpr std::uint32_t kSpanParentSpanId = 4;
constexpr std::uint32_t kSpanName = 5;
constexpr std::uint32_t kSpanKind = 6;
constexpr std::uint32_t kSpanStart = 7;
constexpr std::uint32_t kSpanEnd = 8;
constexpr std::uint32_t kSpanAttributes = 9;
constexpr std::uint32_t kSpanEvents = 11;
constexpr std::uint32_t kSpanDroppedEvents = 12;
constexpr std::uint32_t kSpanStatus = 15;
constexpr std::uint32_t kSpanFlags = 16;
constexpr std::uint32_t kEventTime = 1;
constexpr std::uint32_t kEventName = 2;
constexpr std::uint32_t kEventAttributes = 3;
constexpr std::uint32_t kStatusCode = 3;

constexpr std::uint64_t kKindServer = 2;
constexpr std::uint64_t kKindClient = 3;
constexpr std::uint64_t kStatusError = 2;
// Span flags, beside those of the trace context: whether it is known where the parent is, and whether that is
// elsewhere.
constexpr std::uint32_t kFlagParentKnown = 0x100;
constexpr std::uint32_t kFlagParentRemote = 0x200;

struct SpanHead {
  const call::TraceContext& trace;
  const base::SpanId& span_id;
  const base::SpanId& parent_span_id;  ///< all zero for none
  std::uint64_t kind;
  base::WallTime started_at;
  base::Duration duration;
};

std::uint32_t flags_of(const call::TraceContext& trace) { return kFlagParentKnown | trace_flags_of(trace); }

void put_head(ProtoWriter& out, const SpanHead& head, std::string_view name) {
  out.bytes_field(kSpanTraceId, bytes_of(head.trace.trace_id));
  out.bytes_field(kSpanSpanId, bytes_of(head.span_id));
  if (!head.trace.tracestate.empty()) out.string_field(kSpanTraceState, head.trace.tracestate);
  if (head.parent_span_id.is_valid()) out.bytes_field(kSpanParentSpanId, bytes_of(head.parent_span_id));
  out.string_field(kSpanName, name);
  out.varint_field(kSpanKind, head.kind);
  out.fixed64_field(kSpanStart, base::unix_nanos(head.started_at));
  out.fixed64_field(kSpanEnd, base::unix_nanos(head.started_at + head.duration));
}

void put_error_status(ProtoWriter& out) {
  const auto status = out.begin_message(kSpanStatus);
  out.varint_field(kStatusCode, kStatusError);
  out.end_message(status);
}

// The reason of an error: what was found out, else the status, else how it ended.
void put_error_type(AttributeWriter& attributes, std::string_view type, int status_code,
                    std::string_view fallback) {
  char digits[12];
  if (type.empty() && status_code >= 400) {
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, status_code);
    type = {digits, static_cast<std::size_t>(end - digits)};
  }
  attributes.string("error.type", type.empty() ? fallback : type);
}

void put_address(AttributeWriter& attributes, std::string_view address, std::uint16_t port) {
  if (address.empty()) return;
  attributes.string("server.address", address);
  if (port != 0) attributes.integer("server.port", port);
}

void put_status_code(AttributeWriter& attributes, int status_code) {
  if (status_code > 0)
    attributes.integer("http.response.status_code", static_cast<std::uint64_t>(status_code));
}

/// On both spans: a call that is refused has none but the SERVER span.
void put_request_labels(AttributeWriter& attributes, const call::RequestLabels& labels) {
  attributes.string_unless_empty(kClientAgentId, labels.agent);
  attributes.string_unless_empty(kSessionId, labels.session);
  attributes.string_unless_empty(kGenAiConversationId, labels.session);
  attributes.string_unless_empty(kRunId, labels.run);
  attributes.string_unless_empty(kUserId, labels.user);
}

// ---- SERVER span

bool has_route(const call::RequestRecord& request) {
  return !request.route.empty() && request.route != "unmatched";
}

std::string server_span_name(const call::RequestRecord& request) {
  std::string name(request.method == "_OTHER" ? "HTTP" : request.method);
  if (has_route(request)) name.append(" ").append(request.route);
  return name.empty() ? "HTTP" : name;
}

/// 4xx is no error of a server; an answer that was begun and cut is one, whatever its status.
bool is_server_error(const call::RequestRecord& request) {
  if (request.status_code >= 500 || request.status_code == 0) return true;
  if (request.call == nullptr || request.status_code >= 400) return false;
  switch (request.call->outcome) {
    case call::Outcome::kUpstreamTimeout:
    case call::Outcome::kUpstreamTruncated:
    case call::Outcome::kRefusedOverload:
    case call::Outcome::kShutdown:
    case call::Outcome::kInternalError:
      return true;
    default:
      return false;
  }
}

void put_server_attributes(ProtoWriter& out, const call::RequestRecord& request, bool is_error) {
  AttributeWriter attributes(out, kSpanAttributes);
  attributes.string("http.request.method", request.method);
  attributes.string_unless_empty("url.path", request.url_path);
  attributes.own_string("url.scheme", request.is_https ? "https" : "http");
  if (has_route(request)) attributes.string("http.route", request.route);
  put_status_code(attributes, request.status_code);
  put_address(attributes, request.server_address, request.server_port);
  attributes.string_unless_empty("client.address", request.client_address);
  attributes.string_unless_empty("user_agent.original", request.user_agent);
  attributes.own_string("network.protocol.version", request.http_minor_version == 0 ? "1.0" : "1.1");
  const std::string_view outcome = request.call != nullptr ? name_of(request.call->outcome) : "_OTHER";
  if (request.call != nullptr) {
    attributes.own_string(kOutcome, outcome);
    put_request_labels(attributes, request.call->request_labels);
  }
  if (is_error)
    put_error_type(attributes, request.error_type, request.status_code, outcome);
  else
    attributes.string_unless_empty("error.type", request.error_type);
}

void encode_server_span(const FinishedRequest& finished, ProtoWriter& out) {
  const call::RequestRecord& request = finished.request;
  const bool is_error = is_server_error(request);
  const auto span = out.begin_message(kScopeSpansSpans);
  put_head(out,
           {request.trace, request.trace.span_id, request.trace.parent_span_id, kKindServer,
            request.started_at, request.duration},
           server_span_name(request));
  put_server_attributes(out, request, is_error);
  if (is_error) put_error_status(out);
  const bool has_parent = request.trace.parent_span_id.is_valid();
  out.fixed32_field(kSpanFlags, flags_of(request.trace) | (has_parent ? kFlagParentRemote : 0));
  out.end_message(span);
}

// ---- CLIENT span

std::string client_span_name(const FinishedRequest& finished, SpanNames names) {
  const std::string_view operation = finished.operation.gen_ai_operation;
  if (names == SpanNames::kGenAi && !operation.empty()) {
    std::string name(operation);
    if (!finished.call.requested_model.empty()) name.append(" ").append(finished.call.requested_model);
    return name;
  }
  std::string name(finished.call.route.provider.empty() ? "llm" : finished.call.route.provider);
  if (!finished.operation.name.empty()) name.append(".").append(finished.operation.name);
  return name;
}

void put_agent(AttributeWriter& attributes, const FinishedRequest& finished) {
  if (finished.agent_id.empty()) return;
  attributes.string(kAgentId, finished.agent_id);
  attributes.string(kAgentName, finished.agent_name);
  put_agent_labels(attributes, finished.labels);
}

void put_usage(AttributeWriter& attributes, const call::Usage& usage) {
  if (usage.provenance != call::Provenance::kProvider) return;
  attributes.integer(kGenAiInputTokens, usage.input_tokens);
  attributes.integer(kGenAiOutputTokens, usage.output_tokens);
  if (usage.cache_read_tokens > 0) attributes.integer(kGenAiCacheReadTokens, usage.cache_read_tokens);
  if (usage.cache_write_tokens > 0) attributes.integer(kGenAiCacheCreationTokens, usage.cache_write_tokens);
  if (usage.reasoning_tokens > 0) attributes.integer(kGenAiReasoningTokens, usage.reasoning_tokens);
}

void put_integer(AttributeWriter& attributes, std::string_view key, std::optional<std::int64_t> value) {
  if (value) attributes.signed_integer(key, *value);
}

void put_real(AttributeWriter& attributes, std::string_view key, std::optional<double> value) {
  if (value) attributes.real(key, *value);
}

void put_parameters(AttributeWriter& attributes, const call::RequestParameters& parameters) {
  const call::RequestNumbers& numbers = parameters.numbers;
  put_integer(attributes, kGenAiRequestMaxTokens, numbers.max_tokens);
  put_real(attributes, kGenAiRequestTemperature, numbers.temperature);
  put_real(attributes, kGenAiRequestTopP, numbers.top_p);
  put_real(attributes, kGenAiRequestTopK, numbers.top_k);
  put_real(attributes, kGenAiRequestFrequencyPenalty, numbers.frequency_penalty);
  put_real(attributes, kGenAiRequestPresencePenalty, numbers.presence_penalty);
  put_integer(attributes, kGenAiRequestSeed, numbers.seed);
  if (numbers.choice_count != 1) put_integer(attributes, kGenAiRequestChoiceCount, numbers.choice_count);
  put_integer(attributes, kGenAiEmbeddingsDimensionCount, numbers.dimension_count);
  if (!parameters.stop_sequences.empty()) {
    std::array<std::string_view, call::kStopSequencesMax> views;
    const auto last = std::ranges::copy(parameters.stop_sequences, views.begin()).out;
    attributes.strings(kGenAiRequestStopSequences, std::span(views.begin(), last));
  }
  if (parameters.output_type != call::OutputType::kUnsaid)
    attributes.own_string(kGenAiOutputType, name_of(parameters.output_type));
  if (const std::string_view format = parameters.encoding_format; !format.empty())
    attributes.strings(kGenAiRequestEncodingFormats, {&format, 1});
  if (parameters.service_tier != "auto")
    attributes.string_unless_empty(kOpenAiRequestServiceTier, parameters.service_tier);
}

/// What the call was about; on every try.
void put_request_attributes(AttributeWriter& attributes, const FinishedRequest& finished) {
  const call::CallRecord& call = finished.call;
  attributes.own_string(kRouteCategory, kRouteCategoryValue);
  attributes.string(kLlmProvider, call.route.provider);
  attributes.string_unless_empty(kLlmModel, call.requested_model);
  attributes.boolean(kLlmStream, call.stream);
  put_agent(attributes, finished);
  put_request_labels(attributes, call.request_labels);
  attributes.string_unless_empty(kGenAiOperationName, finished.operation.gen_ai_operation);
  attributes.string(kGenAiProviderName, gen_ai_provider(call.route.provider));
  attributes.string_unless_empty(kGenAiRequestModel, call.requested_model);
  if (call.stream) attributes.boolean(kGenAiRequestStream, true);
  if (const std::string_view type = openai_api_type(finished.operation.name); !type.empty())
    attributes.own_string(kOpenAiApiType, type);
  if (call.parameters != nullptr) put_parameters(attributes, *call.parameters);
  attributes.string("http.request.method", finished.request.method);
}

void put_content(AttributeWriter& attributes, const call::CapturedContent& content) {
  attributes.string_unless_empty(kGenAiSystemInstructions, content.system_instructions);
  attributes.string_unless_empty(kGenAiInputMessages, content.input_messages);
  attributes.string_unless_empty(kGenAiOutputMessages, content.output_messages);
  attributes.string_unless_empty(kGenAiToolDefinitions, content.tool_definitions);
}

/// What came of the call; on the last try alone, which answered it.
void put_response_attributes(AttributeWriter& attributes, const call::CallRecord& call) {
  attributes.string_unless_empty(kGenAiResponseModel, call.response_model);
  attributes.string_unless_empty(kGenAiResponseId, call.response_id);
  attributes.string_unless_empty(kOpenAiResponseServiceTier, call.response_service_tier);
  attributes.string_unless_empty(kOpenAiSystemFingerprint, call.system_fingerprint);
  if (!call.finish_reasons.empty()) attributes.strings(kGenAiFinishReasons, call.finish_reasons);
  put_usage(attributes, call.usage);
  if (call.content != nullptr) put_content(attributes, *call.content);
}

void put_try_attributes(AttributeWriter& attributes, const call::CallRecord& call, std::size_t index) {
  const call::TryRecord& attempt = call.tries[index];
  put_status_code(attributes, attempt.status_code);
  put_address(attributes, attempt.server_address, attempt.server_port);
  if (index > 0) attributes.integer("http.request.resend_count", index);
  if (call.stream && attempt.time_to_first_token)
    attributes.real(kGenAiTimeToFirstChunk, base::to_seconds(*attempt.time_to_first_token));
  attributes.own_string(kOutcome, name_of(attempt.outcome));
  if (is_span_error(attempt.outcome))
    put_error_type(attributes, attempt.error_type, attempt.status_code, name_of(attempt.outcome));
}

// `put_attributes` writes those of the event.
template <class PutAttributes>
void put_event(ProtoWriter& out, base::WallTime time, std::string_view name, PutAttributes put_attributes) {
  const auto event = out.begin_message(kSpanEvents);
  out.fixed64_field(kEventTime, base::unix_nanos(time));
  out.bytes_field(kEventName, name);
  AttributeWriter attributes(out, kEventAttributes);
  put_attributes(attributes);
  out.end_message(event);
}

void put_decision(ProtoWriter& out, base::WallTime time, const FinishedRequest::Decision& decision) {
  put_event(out, time, kDecisionEvent, [&](AttributeWriter& attributes) {
    attributes.string(kGenAiToolName, decision.tool);
    attributes.own_string(kDecision, name_of(decision.decision));
    if (decision.policy_id) attributes.string(kDecisionPolicyId, decision.policy_id->text());
    attributes.string_unless_empty(kDecisionReason, decision.reason);
  });
}

// What was decided belongs to the last try: no other was relayed.
void put_events(ProtoWriter& out, const FinishedRequest& finished, std::size_t index) {
  const call::TryRecord& attempt = finished.tries[index];
  if (attempt.time_to_first_token)
    put_event(out, attempt.started_at + *attempt.time_to_first_token, kGenAiFirstTokenEvent,
              [](AttributeWriter&) {});
  for (const call::Stall& stall : attempt.stalls)
    put_event(out, attempt.started_at + stall.began, kStallEvent, [&](AttributeWriter& attributes) {
      attributes.real(kStallDuration, base::to_seconds(stall.length));
    });
  if (attempt.retried_after)
    put_event(out, attempt.started_at + attempt.duration, kRetryEvent, [&](AttributeWriter& attributes) {
      attributes.real(kRetryDelay, base::to_seconds(*attempt.retried_after));
      put_error_type(attributes, attempt.error_type, attempt.status_code, name_of(attempt.outcome));
    });
  // The record has the first ones of each kind one by one, and counts all.
  std::size_t left_out =
      attempt.gaps.stalls - std::min<std::size_t>(attempt.gaps.stalls, attempt.stalls.size());
  if (index + 1 == finished.tries.size()) {
    for (const FinishedRequest::Decision& decision : finished.decisions)
      put_decision(out, attempt.started_at + attempt.duration, decision);
    left_out += finished.decisions_left_out;
  }
  if (left_out > 0) out.varint_field(kSpanDroppedEvents, left_out);
}

void encode_client_span(const FinishedRequest& finished, std::size_t index, SpanNames names,
                        ProtoWriter& out) {
  const call::TraceContext& trace = finished.request.trace;
  const call::TryRecord& attempt = finished.call.tries[index];
  const auto span = out.begin_message(kScopeSpansSpans);
  put_head(out, {trace, attempt.span_id, trace.span_id, kKindClient, attempt.started_at, attempt.duration},
           client_span_name(finished, names));
  AttributeWriter attributes(out, kSpanAttributes);
  put_request_attributes(attributes, finished);
  put_try_attributes(attributes, finished.call, index);
  if (index + 1 == finished.call.tries.size()) put_response_attributes(attributes, finished.call);
  put_events(out, finished, index);
  if (is_span_error(attempt.outcome)) put_error_status(out);
  out.fixed32_field(kSpanFlags, flags_of(trace));
  out.end_message(span);
}

}  // namespace

void encode_spans(const FinishedRequest& request, ProtoWriter& out, SpanNames names) {
  encode_server_span(request, out);
  for (std::size_t i = 0; i < request.tries.size(); ++i) encode_client_span(request, i, names, out);
}

}  // namespace archestra::telemetry::otlp
