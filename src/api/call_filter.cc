#include "api/call_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "telemetry/metrics/shard_metrics.h"

namespace archestra::api {
namespace {

using telemetry::FinishedRequest;

constexpr std::string_view kUnknown = "unknown";
constexpr double kSecondsMax = 1e9;

std::optional<std::string> text_of(const Query& query, std::string_view name) {
  const auto text = query.find(name);
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

std::optional<std::string> read_flag(const Query& query, std::string_view name, std::optional<bool>& flag) {
  const auto text = query.find(name);
  if (!text) return std::nullopt;
  if (*text != "true" && *text != "false")
    return fmt::format("The parameter {} must be true or false.", name);
  flag = *text == "true";
  return std::nullopt;
}

std::optional<call::Outcome> outcome_of(std::string_view name) {
  for (int i = 0; i < call::kOutcomeCount; ++i)
    if (call::name_of(static_cast<call::Outcome>(i)) == name) return static_cast<call::Outcome>(i);
  return std::nullopt;
}

bool has_label(const FinishedRequest& request, std::string_view wanted) {
  return std::ranges::any_of(request.labels, [&](const telemetry::LabelView& label) {
    return telemetry::is_label(wanted, label.key, label.value);
  });
}

// The metrics know a model only where its provider accepted the call.
bool has_model(const FinishedRequest& request, std::string_view wanted) {
  return request.call.requested_model == wanted || telemetry::model_label(request.call) == wanted;
}

bool is_set(const telemetry::SetFilter& filter, const FinishedRequest& request) {
  const std::string_view agent_id = request.agent_id.empty() ? kUnknown : request.agent_id;
  return (!filter.provider || *filter.provider == request.call.route.provider) &&
         (!filter.model || has_model(request, *filter.model)) &&
         (!filter.agent_id || *filter.agent_id == agent_id) &&
         (!filter.label || has_label(request, *filter.label));
}

}  // namespace

std::optional<std::string> read_set_filter(const Query& query, telemetry::SetFilter& filter) {
  filter = {.provider = text_of(query, "provider"),
            .model = text_of(query, "model"),
            .agent_id = text_of(query, "agentId"),
            .label = text_of(query, "label")};
  if (filter.agent_id && *filter.agent_id != kUnknown && *filter.agent_id != telemetry::kOverflow) {
    const auto id = base::Uuid::parse(*filter.agent_id);
    if (!id) return "The parameter agentId must be the id of an agent, or unknown.";
    filter.agent_id = id->text();
  }
  if (filter.label && filter.label->find(':', 1) == std::string::npos)
    return "The parameter label must be a key and a value, with a colon between them.";
  return std::nullopt;
}

std::optional<std::string> CallFilter::read(const Query& query) {
  if (auto fault = read_set_filter(query, set)) return fault;
  session = text_of(query, "session");
  user = text_of(query, "user");
  run = text_of(query, "run");
  if (const auto text = query.find("outcome")) {
    outcome = outcome_of(*text);
    if (!outcome) return "The parameter outcome must be completed, upstream_error, or another outcome.";
  }
  if (const auto text = query.find("traceId")) {
    base::TraceId id;
    if (!base::parse_hex(*text, id.bytes.data(), id.bytes.size()))
      return "The parameter traceId must be 32 hex digits in lower case.";
    trace_id = id;
  }
  if (auto fault = read_flag(query, "blocked", is_blocked)) return fault;
  if (auto fault = read_flag(query, "stream", is_stream)) return fault;
  if (const auto text = query.find("minDuration")) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size() ||
        !(seconds >= 0 && seconds <= kSecondsMax))
      return "The parameter minDuration must be a number of seconds, 0 or more.";
    duration_min = std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(seconds));
  }
  return std::nullopt;
}

bool CallFilter::matches(const FinishedRequest& request) const {
  const call::CallRecord& call = request.call;
  return (!outcome || *outcome == call.outcome) && (!session || *session == call.request_labels.session) &&
         (!user || *user == call.request_labels.user) && (!run || *run == call.request_labels.run) &&
         (!trace_id || *trace_id == request.request.trace.trace_id) &&
         (!is_blocked || *is_blocked == (call.blocked_tool_calls > 0)) &&
         (!is_stream || *is_stream == call.stream) && request.request.duration >= duration_min &&
         is_set(set, request);
}

}  // namespace archestra::api
