#include "telemetry/log/access_log.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/json_text.h"

namespace archestra::telemetry {
namespace {

/// Appends members of one JSON object. Keys are our own and need no escapes. A line has some thirty members,
/// so each but a text is written into room that is made for it once.
class JsonFields {
 public:
  explicit JsonFields(std::string& out) : out_(out) {}

  void text(std::string_view key, std::string_view value) {
    if (base::plain_prefix(value) == value.size()) return quoted(key, value);
    start(key);
    base::append_json_string(out_, value);
  }
  void text_unless_empty(std::string_view key, std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  void number(std::string_view key, std::uint64_t value) {
    put(key, kDigitsMax, [&](char* at) { return std::to_chars(at, at + kDigitsMax, value).ptr; });
  }
  void boolean(std::string_view key, bool value) {
    put(key, 5, [&](char* at) { return copied(at, value ? "true" : "false"); });
  }
  /// Milliseconds, to the microsecond. Printed as integers, which is cheaper than as a double.
  void milliseconds(std::string_view key, base::Duration value) {
    put(key, kDigitsMax + 5, [&](char* at) {
      const std::int64_t micros = value.count() / 1000;
      if (micros < 0) *at++ = '-';
      const auto size = static_cast<std::uint64_t>(micros < 0 ? -micros : micros);
      at = std::to_chars(at, at + kDigitsMax, size / 1000).ptr;
      if (size % 1000 == 0) return at;
      *at++ = '.';
      for (const std::uint64_t unit : {100u, 10u, 1u}) *at++ = static_cast<char>('0' + size / unit % 10);
      while (at[-1] == '0') --at;
      return at;
    });
  }
  template <std::size_t N>
  void hex(std::string_view key, const base::HexId<N>& id) {
    put(key, 2 * N + 2, [&](char* at) {
      *at++ = '"';
      base::write_hex(id.bytes.data(), N, at);
      at += 2 * N;
      *at++ = '"';
      return at;
    });
  }
  void start(std::string_view key) {
    put(key, 0, [](char* at) { return at; });
  }

 private:
  static constexpr std::size_t kDigitsMax = 20;

  void quoted(std::string_view key, std::string_view value) {
    put(key, value.size() + 2, [&](char* at) {
      *at++ = '"';
      at = copied(at, value);
      *at++ = '"';
      return at;
    });
  }

  static char* copied(char* at, std::string_view text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }

  /// The key, and a value of `value_bytes_max` at most: `write` puts it at a place and returns its end.
  template <class Write>
  void put(std::string_view key, std::size_t value_bytes_max, Write write) {
    const std::size_t before = out_.size();
    out_.resize_and_overwrite(before + key.size() + 4 + value_bytes_max, [&](char* text, std::size_t) {
      char* at = text + before;
      *at++ = is_first_ ? '{' : ',';
      *at++ = '"';
      at = copied(copied(at, key), "\":");
      return static_cast<std::size_t>(write(at) - text);
    });
    is_first_ = false;
  }

  std::string& out_;
  bool is_first_ = true;
};

void append_labels(std::string& out, const FinishedRequest& request) {
  char separator = '{';
  for (const LabelView& label : request.labels) {
    out += separator;
    base::append_json_string(out, label.key);
    out += ':';
    base::append_json_string(out, label.value);
    separator = ',';
  }
  out += '}';
}

void append_array(std::string& out, std::span<const std::string_view> values) {
  char separator = '[';
  for (const std::string_view value : values) {
    out += separator;
    base::append_json_string(out, value);
    separator = ',';
  }
  out += ']';
}

void append_usage(JsonFields& fields, const call::Usage& usage) {
  fields.text("usage_provenance", name_of(usage.provenance));
  if (usage.provenance == call::Provenance::kUnknown) return;
  fields.number("input_tokens", usage.input_tokens);
  fields.number("output_tokens", usage.output_tokens);
  fields.number("cache_read_tokens", usage.cache_read_tokens);
  fields.number("cache_write_tokens", usage.cache_write_tokens);
  fields.number("reasoning_tokens", usage.reasoning_tokens);
}

void append_request_labels(JsonFields& fields, const call::RequestLabels& labels) {
  fields.text_unless_empty("client_agent_id", labels.agent);
  fields.text_unless_empty("session_id", labels.session);
  fields.text_unless_empty("run_id", labels.run);
  fields.text_unless_empty("user_id", labels.user);
}

void append_call(std::string& out, JsonFields& fields, const FinishedRequest& request) {
  const call::CallRecord& call = request.call;
  fields.text("outcome", name_of(call.outcome));
  fields.text("provider", call.route.provider);
  fields.text_unless_empty("operation", request.operation.name);
  fields.text_unless_empty("model", call.requested_model);
  fields.text_unless_empty("response_model", call.response_model);
  fields.boolean("stream", call.stream);
  fields.text_unless_empty("agent_id", request.agent_id);
  fields.text_unless_empty("agent_name", request.agent_name);
  if (!request.labels.empty()) {
    fields.start("labels");
    append_labels(out, request);
  }
  append_request_labels(fields, call.request_labels);
  append_usage(fields, call.usage);
  if (!call.tries.empty() && call.tries.back().time_to_first_token)
    fields.milliseconds("time_to_first_token_ms", *call.tries.back().time_to_first_token);
  fields.milliseconds("gateway_ms", call.gateway_time);
  fields.number("tries", call.tries.size());
  if (!call.finish_reasons.empty()) {
    fields.start("finish_reasons");
    append_array(out, call.finish_reasons);
  }
  fields.number("tool_calls", call.tool_calls);
  fields.number("tool_results", call.tool_results);
}

/// Where we made no error of our own, the last try's tells why the call failed.
std::string_view error_type_of(const FinishedRequest& finished) {
  if (!finished.request.error_type.empty() || finished.request.call == nullptr || finished.tries.empty())
    return finished.request.error_type;
  return finished.tries.back().error_type;
}

}  // namespace

base::LogLevel log_level_of(const call::RequestRecord& request) {
  if (request.call == nullptr) return base::LogLevel::kDebug;
  return request.call->outcome == call::Outcome::kCompleted ? base::LogLevel::kInfo : base::LogLevel::kWarn;
}

void append_access_log(std::string& out, const FinishedRequest& finished) {
  const call::RequestRecord& request = finished.request;
  JsonFields fields(out);
  fields.start("time");
  out += '"';
  base::append_iso_time(out, request.started_at + request.duration);
  out += '"';
  fields.text("level", base::name_of(log_level_of(request)));
  fields.text("message", request.call != nullptr ? "llm call" : "http request");
  fields.text("method", request.method);
  fields.text("route", request.route);
  fields.number("status_code", static_cast<std::uint64_t>(request.status_code));
  fields.milliseconds("duration_ms", request.duration);
  if (request.call != nullptr) append_call(out, fields, finished);
  fields.number("request_bytes", request.request_body_bytes);
  fields.number("response_bytes", request.response_body_bytes);
  fields.text_unless_empty("client_address", request.client_address);
  fields.hex("trace_id", request.trace.trace_id);
  fields.hex("span_id", request.trace.span_id);
  fields.text_unless_empty("error_type", error_type_of(finished));
  out += "}\n";
}

}  // namespace archestra::telemetry
