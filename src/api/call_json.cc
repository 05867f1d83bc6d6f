#include "api/call_json.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string_view>

#include "api/json_list.h"
#include "base/json_text.h"
#include "telemetry/log/access_log.h"

namespace archestra::api {
namespace {

using telemetry::FinishedRequest;

/// Writes the members of one object, of names that need no escapes.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    key(name);
    base::append_json_string(out_, value);
  }
  void text_or_null(std::string_view name, std::string_view value) {
    value.empty() ? null(name) : text(name, value);
  }
  template <class Number>
  void number(std::string_view name, Number value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void seconds(std::string_view name, base::Duration duration) { number(name, base::to_seconds(duration)); }
  void seconds_or_null(std::string_view name, std::optional<base::Duration> duration) {
    duration ? seconds(name, *duration) : null(name);
  }
  template <std::size_t N>
  void id(std::string_view name, const base::HexId<N>& id) {
    text(name, base::to_hex(id));
  }
  void null(std::string_view name) {
    key(name);
    out_ += "null";
  }
  /// A list of objects, each of which `append` fills with members.
  template <class Items, class Append>
  void objects(std::string_view name, const Items& items, Append append) {
    key(name);
    out_ += '[';
    for (const auto& item : items) {
      out_ += out_.back() == '[' ? "{" : ",{";
      append(Members(out_), item);
      out_ += '}';
    }
    out_ += ']';
  }
  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_.append("\"").append(name).append("\":");
  }

 private:
  std::string& out_;
};

void append_agent(std::string& out, const FinishedRequest& request) {
  Members members(out);
  if (request.agent_id.empty()) return members.null("agent");
  members.key("agent");
  out += '{';
  members.text("id", request.agent_id);
  members.text("name", request.agent_name);
  members.objects("labels", request.labels, [](Members label, const telemetry::LabelView& from) {
    label.text("key", from.key);
    label.text("value", from.value);
  });
  out += '}';
}

void append_usage(Members& members, const call::Usage& usage) {
  members.number("inputTokens", usage.input_tokens);
  members.number("outputTokens", usage.output_tokens);
  members.number("cacheReadTokens", usage.cache_read_tokens);
  members.number("cacheWriteTokens", usage.cache_write_tokens);
  members.number("reasoningTokens", usage.reasoning_tokens);
  members.text("usageProvenance", name_of(usage.provenance));
}

void append_members(std::string& out, const FinishedRequest& finished) {
  const call::RequestRecord& request = finished.request;
  const call::CallRecord& call = finished.call;
  Members members(out);
  members.id("id", request.trace.span_id);
  members.id("traceId", request.trace.trace_id);
  members.key("startedAt");
  out += '"';
  base::append_iso_time(out, request.started_at);
  out += '"';
  members.seconds("duration", request.duration);
  members.text("provider", call.route.provider);
  members.text("operation", finished.operation.name);
  members.text_or_null("model", call.requested_model);
  members.text_or_null("responseModel", call.response_model);
  append_agent(out, finished);
  members.flag("stream", call.stream);
  members.text("outcome", name_of(call.outcome));
  members.number("statusCode", request.status_code);
  members.text_or_null("errorType", telemetry::error_type_of(finished));
  append_usage(members, call.usage);
  // Of the last try, as in the log: no other was relayed.
  const call::TryRecord* const last = call.tries.empty() ? nullptr : &call.tries.back();
  members.seconds_or_null("timeToFirstToken", last != nullptr ? last->time_to_first_token : std::nullopt);
  members.seconds_or_null("timeToFirstByte", last != nullptr ? last->time_to_first_byte_sent : std::nullopt);
  members.seconds("gateway", call.gateway_time);
  members.number("tries", call.tries.size());
  members.number("toolCalls", call.tool_calls);
  members.number("blockedToolCalls", call.blocked_tool_calls);
  members.text_or_null("session", call.request_labels.session);
  members.text_or_null("run", call.request_labels.run);
  members.text_or_null("user", call.request_labels.user);
  members.text_or_null("clientAgent", call.request_labels.agent);
}

void append_try(Members members, const call::TryRecord& attempt, base::WallTime request_started_at) {
  members.id("spanId", attempt.span_id);
  members.seconds("startedAfter", attempt.started_at - request_started_at);
  members.seconds("duration", attempt.duration);
  attempt.status_code != 0 ? members.number("statusCode", attempt.status_code) : members.null("statusCode");
  members.text("outcome", name_of(attempt.outcome));
  members.text_or_null("errorType", attempt.error_type);
  members.text("serverAddress", attempt.server_address);
  members.number("serverPort", attempt.server_port);
  members.seconds_or_null("timeToFirstByte", attempt.time_to_first_byte);
  members.seconds_or_null("timeToFirstByteSent", attempt.time_to_first_byte_sent);
  members.seconds_or_null("timeToFirstToken", attempt.time_to_first_token);
  members.seconds_or_null("timeToLastToken", attempt.time_to_last_token);
  members.number("stallCount", attempt.gaps.stalls);
  members.objects("stalls", attempt.stalls, [](Members stall, const call::Stall& from) {
    stall.seconds("after", from.began);
    stall.seconds("duration", from.length);
  });
  members.seconds_or_null("retriedAfter", attempt.retried_after);
}

std::string_view mode_of(call::Decision decision) {
  switch (decision) {
    case call::Decision::kBlocked:
      return "enforce";
    case call::Decision::kWouldBlock:
      return "observe";
    case call::Decision::kAllowed:
      break;
  }
  return "";
}

void append_decision(Members members, const FinishedRequest::Decision& decision) {
  members.text("tool", decision.tool);
  members.text("decision", name_of(decision.decision));
  members.text_or_null("policyId", decision.policy_id ? decision.policy_id->text() : std::string());
  members.text_or_null("reason", decision.reason);
  members.text_or_null("mode", mode_of(decision.decision));
}

}  // namespace

void append_call(std::string& out, const FinishedRequest& request) {
  out += '{';
  append_members(out, request);
  out += '}';
}

void append_call_details(std::string& out, const FinishedRequest& finished) {
  const call::RequestRecord& request = finished.request;
  out += '{';
  append_members(out, finished);
  Members members(out);
  members.text("method", request.method);
  members.text("route", request.route);
  members.text("urlPath", request.url_path);
  members.text_or_null("clientAddress", request.client_address);
  members.text_or_null("userAgent", request.user_agent);
  members.number("requestBytes", request.request_body_bytes);
  members.number("responseBytes", request.response_body_bytes);
  members.key("finishReasons");
  append_list(out, finished.finish_reasons, base::append_json_string);
  members.text_or_null("responseId", finished.call.response_id);
  members.flag("sampled", request.trace.sampled);
  members.objects("tryDetails", finished.tries, [&](Members object, const call::TryRecord& attempt) {
    append_try(object, attempt, request.started_at);
  });
  members.objects("toolDecisions", finished.decisions, append_decision);
  members.number("toolDecisionsLeftOut", finished.decisions_left_out);
  out += '}';
}

}  // namespace archestra::api
