// What we believe about a request and, where it is one, about the LLM call in it, once it is over.
// Made exactly once, by the exchange; read by every CallObserver in the same shard, in the same turn.
// All views are valid only during CallObserver::on_request_finished: an observer copies what it keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "call/outcome.h"
#include "call/request_parameters.h"
#include "call/route.h"
#include "call/token_gaps.h"
#include "call/tool_decision.h"
#include "call/usage.h"
#include "model/agent.h"

namespace archestra::call {

/// W3C Trace Context of the SERVER span.
struct TraceContext {
  base::TraceId trace_id;
  base::SpanId span_id;         ///< the SERVER span's own
  base::SpanId parent_span_id;  ///< from an incoming traceparent; all zero for none
  bool sampled = true;
  bool random = false;          ///< the trace id is known to be random (level 2)
  std::string_view tracestate;  ///< one list, cut to what is kept of it; "" for none
};

/// One exchange with the upstream: one CLIENT span, one observation of llm_request_duration_seconds.
struct TryRecord {
  base::SpanId span_id;
  base::WallTime started_at;
  base::Duration duration{};  ///< from starting the upstream call to the last byte of its response
  int status_code = 0;        ///< the upstream's; 0 where its head never came
  Outcome outcome = Outcome::kInternalError;
  std::string_view error_type;  ///< low cardinality; "" where there was no error
  std::string_view server_address;
  std::uint16_t server_port = 0;
  // All from starting the upstream call.
  std::optional<base::Duration> time_to_first_byte;       ///< of the response, from the upstream
  std::optional<base::Duration> time_to_first_byte_sent;  ///< of the response, taken by the client's socket
  std::optional<base::Duration> time_to_first_token;      ///< first event with content
  std::optional<base::Duration> time_to_last_token;
  TokenGaps gaps;                               ///< between events with content
  std::span<const Stall> stalls;                ///< the first kStallsToldMax
  std::optional<base::Duration> retried_after;  ///< the pause before the next try; none for the last one
};

/// What the client says the request belongs to, in its own words: never on metrics, where they would make
/// series without bound. "" for what it does not say.
struct RequestLabels {
  std::string_view agent;  ///< its own name for itself, which is not the agent the call is made for
  std::string_view session;
  std::string_view run;
  std::string_view user;
};

/// What was said in a call: JSON texts in the shape of OpenTelemetry's GenAI conventions, redacted. "" for
/// what was not said. For spans alone.
struct CapturedContent {
  /// No text is longer, in bytes.
  static constexpr std::size_t kBytesMax = std::size_t{48} << 10;

  std::string_view system_instructions;
  std::string_view input_messages;
  std::string_view output_messages;
  std::string_view tool_definitions;
};

/// The LLM call in a request.
struct CallRecord {
  Route route;
  model::AgentRef agent;  ///< null where the call was refused before its agent was known
  RequestLabels request_labels;
  std::string_view requested_model;               ///< "" where not known
  const RequestParameters* parameters = nullptr;  ///< null where nobody looked
  std::string_view response_model;
  std::string_view response_id;
  std::string_view response_service_tier;  ///< in OpenAI's sense, as the next one; "" where not told
  std::string_view system_fingerprint;
  std::span<const std::string_view> finish_reasons;  ///< one per choice, in order
  std::uint32_t tool_calls = 0;                      ///< tool calls the model asked for
  std::uint32_t tool_results = 0;                    ///< results of earlier ones that the request carried
  /// About each of the tool calls that were read and were to reach the client, in order.
  std::span<const ToolDecision> tool_decisions;
  std::uint32_t blocked_tool_calls = 0;  ///< of these
  PolicyFigures policy;
  bool stream = false;  ///< the client asked for a stream
  /// Null where it is not captured. Of the last try.
  const CapturedContent* content = nullptr;
  Usage usage;
  std::uint64_t undelivered_tokens = 0;  ///< of the output, estimates too: Delivery::undelivered_of()
  Outcome outcome = Outcome::kInternalError;
  std::span<const TryRecord> tries;  ///< all of them, in order; none where it was refused before
  /// What we ourselves added: total minus waiting for either side. Of a pause between tries, what the
  /// upstream asked for by Retry-After is waiting for it, and what we waited beyond that is ours.
  base::Duration gateway_time{};
};

/// One request on the API port. It begins with a byte of its head and ends with one of its answer.
struct RequestRecord {
  TraceContext trace;
  base::WallTime started_at;
  base::Duration duration{};
  std::string_view method;          ///< a known method, else "_OTHER"
  std::string_view route;           ///< template, "unmatched" for none
  std::string_view url_path;        ///< raw, without the query (which may hold a credential)
  int status_code = 0;              ///< what the client got; 499 where it left first
  std::string_view error_type;      ///< of the answer, whoever it is from; "" for none
  std::string_view server_address;  ///< from Host
  std::uint16_t server_port = 0;
  std::string_view client_address;
  std::string_view user_agent;
  int http_minor_version = 1;
  bool is_https = false;
  std::uint64_t request_body_bytes = 0;
  std::uint64_t response_body_bytes = 0;  ///< sent to the client
  const CallRecord* call = nullptr;       ///< null for /health and the like
};

}  // namespace archestra::call
