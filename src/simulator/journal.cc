#include "simulator/journal.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json_text.h"

namespace archestra::simulator {
namespace {

constexpr std::array<std::string_view, 6> kCredentials{"authorization", "proxy-authorization", "x-api-key",
                                                       "api-key",       "x-goog-api-key",      "cookie"};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(base::wall_now().time_since_epoch()).count();
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return result;
}

// "Bearer sk-abcdef1234" to "Bearer ...1234".
std::string reduced(std::string_view value) {
  const std::size_t space = value.find(' ');
  const std::string_view scheme =
      space == std::string_view::npos ? std::string_view() : value.substr(0, space + 1);
  const std::string_view secret = value.substr(scheme.size());
  const std::string_view tail = secret.size() > 8 ? secret.substr(secret.size() - 4) : std::string_view();
  return std::string(scheme).append("...").append(tail);
}

std::string headers_json(const http::Fields& fields) {
  std::string out;
  for (const http::Field& field : fields) {
    const std::string name = lower(field.name);
    const bool secret = std::find(kCredentials.begin(), kCredentials.end(), name) != kCredentials.end();
    out.append(out.empty() ? "" : ",");
    base::append_json_string(out, name);
    out.append(":");
    base::append_json_string(out, secret ? reduced(field.value) : field.value);
  }
  return out;
}

// In the words of the log of calls, for all dialects: input with all that was cached, output with the
// reasoning.
void append_usage(std::string& out, const std::optional<TokenFigures>& usage) {
  if (!usage) {
    out.append(R"(,"usage":null)");
    return;
  }
  fmt::format_to(std::back_inserter(out),
                 R"(,"usage":{{"input_tokens":{},"cache_read_tokens":{},"cache_write_tokens":{},)"
                 R"("tool_input_tokens":{},"output_tokens":{},"reasoning_tokens":{}}})",
                 usage->prompt_tokens, usage->cached_tokens, usage->cache_write_tokens,
                 usage->tool_prompt_tokens, usage->completion_tokens, usage->reasoning_tokens);
}

void append_times(std::string& out, std::string_view name, const std::vector<base::Duration>& times) {
  out.append(",\"").append(name).append("\":[");
  for (std::size_t i = 0; i < times.size(); ++i)
    fmt::format_to(std::back_inserter(out), "{}{}", i > 0 ? "," : "",
                   std::chrono::duration_cast<std::chrono::microseconds>(times[i]).count());
  out.append("]");
}

std::string_view field_of(const http::Fields& fields, std::string_view name) {
  for (const http::Field& field : fields)
    if (http::equals_ignoring_case(field.name, name)) return field.value;
  return {};
}

}  // namespace

Journal::Journal(std::size_t calls_max, const std::string& file) : calls_max_(calls_max) {
  if (!file.empty()) file_.open(file, std::ios::trunc);
}

std::uint64_t Journal::begin(const http::RequestHead& head, std::string_view body) {
  if (calls_max_ == 0) return 0;
  Entry& entry = entries_.emplace_back();
  entry.sequence = next_sequence_++;
  entry.id = field_of(head.fields, "x-sim-id");
  entry.method = head.method;
  entry.target = head.target;
  entry.trace_parent = field_of(head.fields, "traceparent");
  entry.headers = headers_json(head.fields);
  entry.body = body.substr(0, kBodyBytesMax);
  entry.body_bytes = body.size();
  entry.started_ms = now_ms();
  const std::uint64_t sequence = entry.sequence;
  kept_bytes_ += entry.body.size();
  while (entries_.size() > calls_max_ || kept_bytes_ > kKeptBytesMax) {
    kept_bytes_ -= entries_.front().body.size();
    entries_.pop_front();
  }
  return sequence;
}

void Journal::end(std::uint64_t sequence, CallEnd how) {
  if (entries_.empty() || sequence < entries_.front().sequence) return;
  Entry& entry = entries_[sequence - entries_.front().sequence];
  entry.ended_ms = now_ms();
  entry.how = std::move(how);
  if (!file_.is_open()) return;
  std::string line;
  append_facts(line, entry);
  line.append(R"(,"traceparent":)");
  base::append_json_string(line, entry.trace_parent);
  file_ << line << "}\n";
}

void Journal::clear() {
  entries_.clear();
  kept_bytes_ = 0;
}

// The object, without its end.
void Journal::append_facts(std::string& out, const Entry& entry) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"sequence":{},"id":)", entry.sequence);
  base::append_json_string(out, entry.id);
  out.append(R"(,"method":)");
  base::append_json_string(out, entry.method);
  out.append(R"(,"path":)");
  base::append_json_string(out, entry.target);
  fmt::format_to(to,
                 R"(,"status":{},"stream":{},"events_sent":{},"bytes_sent":{},"client_closed":{},"whole":{})",
                 entry.how.status, entry.how.stream, entry.how.events, entry.how.bytes,
                 entry.how.client_closed, entry.how.whole);
  append_usage(out, entry.how.usage);
  fmt::format_to(to, R"(,"started_ms":{},"ended_ms":)", entry.started_ms);
  out.append(entry.ended_ms == 0 ? "null" : fmt::to_string(entry.ended_ms));
}

void Journal::append(std::string& out, const Entry& entry) {
  append_facts(out, entry);
  append_times(out, "sent_us", entry.how.sent.pieces);
  append_times(out, "tokens_sent_us", entry.how.sent.tokens);
  out.append(R"(,"headers":{)").append(entry.headers);
  fmt::format_to(std::back_inserter(out), R"(}},"body_bytes":{},"body":)", entry.body_bytes);
  base::append_json_string(out, entry.body);
  out.append("}");
}

std::string Journal::json(std::string_view id) const {
  std::string out = "[";
  for (const Entry& entry : entries_) {
    if (!id.empty() && entry.id != id) continue;
    out.append(out.size() > 1 ? ",\n" : "");
    append(out, entry);
  }
  return out.append("]\n");
}

}  // namespace archestra::simulator
