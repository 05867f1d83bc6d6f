#include "telemetry/trace/span_record.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <optional>
#include <type_traits>

#include "base/assert.h"
#include "telemetry/text.h"

namespace archestra::telemetry {
namespace {

struct PackedRequest {
  base::TraceId trace_id;
  base::SpanId span_id;
  base::SpanId parent_span_id;
  std::int64_t started_at;
  std::int64_t duration;
  std::uint64_t request_body_bytes;
  std::uint64_t response_body_bytes;
  std::int32_t status_code;
  std::uint16_t server_port;
  std::uint16_t texts;
  std::uint8_t http_minor_version;
  bool is_https;
  bool is_sampled;
  bool is_random;
  bool has_call;
};

struct PackedCall {
  call::Usage usage;
  call::PolicyFigures policy;
  std::uint64_t undelivered_tokens;
  std::int64_t gateway_time;
  std::uint32_t tool_calls;
  std::uint32_t tool_results;
  std::uint32_t blocked_tool_calls;
  std::uint32_t decisions;  // all; of these kRecordedDecisionsMax at most follow
  std::uint16_t tries;
  std::uint16_t labels;
  std::uint16_t finish_reasons;
  call::Outcome outcome;
  bool has_parameters;
  bool is_stream;
  bool is_observed;
};

// Only of a request that says any.
struct PackedParameters {
  call::RequestNumbers numbers;
  call::OutputType output_type;
  std::uint8_t stop_sequences;  // that many texts
};

struct PackedTry {
  base::SpanId span_id;
  std::int64_t started_at;
  std::int64_t duration;
  std::int64_t first_byte;  // kNoTime for none, as the next four
  std::int64_t first_byte_sent;
  std::int64_t first_token;
  std::int64_t last_token;
  std::int64_t retried_after;
  call::TokenGaps gaps;
  std::int32_t status_code;
  std::uint16_t server_port;
  call::Outcome outcome;
  std::uint8_t stalls;  // that many follow
};

struct PackedDecision {
  base::Uuid policy_id;
  call::Decision decision;
  bool has_policy;
};

constexpr std::int64_t kNoTime = -1;
constexpr std::size_t kRequestTexts = 8;
constexpr std::size_t kCallTexts = 14;
constexpr std::size_t kParameterTexts = 2;  // and the stop sequences
constexpr std::size_t kTextsMax = kRequestTexts + kCallTexts + kParameterTexts + call::kStopSequencesMax +
                                  2 * kRecordedLabelsMax + kRecordedFinishReasonsMax + 2 * kRecordedTriesMax +
                                  2 * kRecordedDecisionsMax;

std::int64_t packed(const std::optional<base::Duration>& time) { return time ? time->count() : kNoTime; }

std::optional<base::Duration> unpacked(std::int64_t time) {
  if (time == kNoTime) return std::nullopt;
  return base::Duration(time);
}

/// A tracestate is cut between its members (W3C Trace Context section 3.3.1.5).
std::string_view cut_tracestate(std::string_view text) {
  if (text.size() <= kTracestateBytesMax) return text;
  const std::size_t comma = text.rfind(',', kTracestateBytesMax);
  return comma == std::string_view::npos ? std::string_view() : text.substr(0, comma);
}

template <class T>
std::span<const T> last(std::span<const T> items, std::size_t count_max) {
  return items.subspan(items.size() - std::min(items.size(), count_max));
}

// ---- Writing: first the texts are collected, so that the size is known, then all is copied.

class TextList {
 public:
  void add(std::string_view text, std::size_t bytes_max) { add(cut_text(text, bytes_max)); }
  void add(std::string_view text) {
    ARCHESTRA_ASSERT(count_ < kTextsMax, "every list of texts has its limit");
    texts_[count_++] = {text.data(), text.size()};
    bytes_ += text.size();
  }
  std::size_t count() const { return count_; }
  std::size_t bytes_packed() const { return count_ * sizeof(std::uint16_t) + bytes_; }

  std::byte* copy_to(std::byte* at) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const auto length = static_cast<std::uint16_t>(texts_[i].size);
      std::memcpy(at, &length, sizeof length);
      at += sizeof length;
    }
    for (std::size_t i = 0; i < count_; ++i) {
      if (texts_[i].size == 0) continue;
      std::memcpy(at, texts_[i].data, texts_[i].size);
      at += texts_[i].size;
    }
    return at;
  }

 private:
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  // Left uninitialised: to clear 4 KB would cost more than the rest.
  struct Piece {
    const char* data;
    std::size_t size;
  };
  std::array<Piece, kTextsMax> texts_;
};

void add_request_texts(TextList& texts, const call::RequestRecord& request) {
  texts.add(request.method, kNameBytesMax);
  texts.add(request.route, kNameBytesMax);
  texts.add(request.url_path, kPathBytesMax);
  texts.add(request.error_type, kIdBytesMax);
  texts.add(request.server_address, kNameBytesMax);
  texts.add(request.client_address, kNameBytesMax);
  texts.add(request.user_agent, kNameBytesMax);
  texts.add(cut_tracestate(request.trace.tracestate));
}

void add_call_texts(TextList& texts, const call::CallRecord& call) {
  static constexpr call::Operation kNoOperation;
  const call::Operation& operation = call.route.operation != nullptr ? *call.route.operation : kNoOperation;
  texts.add(call.route.provider, kNameBytesMax);
  texts.add(operation.name, kNameBytesMax);
  texts.add(operation.gen_ai_operation, kNameBytesMax);
  texts.add(call.requested_model, kModelBytesMax);
  texts.add(call.response_model, kModelBytesMax);
  texts.add(call.response_id, kIdBytesMax);
  texts.add(call.response_service_tier, kIdBytesMax);
  texts.add(call.system_fingerprint, kIdBytesMax);
  texts.add(call.agent ? std::string_view(call.agent->id_text) : std::string_view(), kIdBytesMax);
  texts.add(call.agent ? std::string_view(call.agent->name) : std::string_view(), kAgentNameBytesMax);
}

/// Null where the request says none.
const call::RequestParameters* parameters_of(const call::CallRecord& call) {
  static const call::RequestParameters kNone;
  return call.parameters != nullptr && *call.parameters != kNone ? call.parameters : nullptr;
}

std::span<const std::string> stop_sequences_of(const call::RequestParameters& parameters) {
  return std::span(parameters.stop_sequences)
      .first(std::min(parameters.stop_sequences.size(), call::kStopSequencesMax));
}

void add_parameter_texts(TextList& texts, const call::RequestParameters& parameters) {
  texts.add(parameters.encoding_format, kIdBytesMax);
  texts.add(parameters.service_tier, kIdBytesMax);
  for (const std::string& sequence : stop_sequences_of(parameters)) texts.add(sequence, kIdBytesMax);
}

void add_request_labels(TextList& texts, const call::RequestLabels& labels) {
  for (const std::string_view label : {labels.agent, labels.session, labels.run, labels.user})
    texts.add(label, kRequestLabelBytesMax);
}

std::span<const model::Label> labels_of(const call::CallRecord& call) {
  if (!call.agent) return {};
  return std::span(call.agent->labels).first(std::min(call.agent->labels.size(), kRecordedLabelsMax));
}

std::span<const std::string_view> finish_reasons_of(const call::CallRecord& call) {
  return call.finish_reasons.first(std::min(call.finish_reasons.size(), kRecordedFinishReasonsMax));
}

// Where no policy looks at calls there was nothing to decide, and nothing to tell.
std::span<const call::ToolDecision> all_decisions_of(const call::CallRecord& call) {
  const bool is_decided = call.policy.calls_judged > 0 || call.blocked_tool_calls > 0;
  return is_decided ? call.tool_decisions : std::span<const call::ToolDecision>();
}

std::span<const call::ToolDecision> decisions_of(const call::CallRecord& call) {
  const auto all = all_decisions_of(call);
  return all.first(std::min(all.size(), kRecordedDecisionsMax));
}

void add_list_texts(TextList& texts, const call::CallRecord& call, std::span<const call::TryRecord> tries) {
  for (const model::Label& label : labels_of(call)) {
    texts.add(label.key, kLabelKeyBytesMax);
    texts.add(label.value, kLabelValueBytesMax);
  }
  for (const std::string_view reason : finish_reasons_of(call)) texts.add(reason, kIdBytesMax);
  for (const call::TryRecord& attempt : tries) {
    texts.add(attempt.error_type, kIdBytesMax);
    texts.add(attempt.server_address, kNameBytesMax);
  }
  for (const call::ToolDecision& decision : decisions_of(call)) {
    texts.add(decision.tool, kNameBytesMax);
    texts.add(decision.reason, kReasonBytesMax);
  }
}

std::span<const call::Stall> stalls_of(const call::TryRecord& attempt) {
  return attempt.stalls.first(std::min(attempt.stalls.size(), call::kStallsToldMax));
}

PackedRequest pack(const call::RequestRecord& request, std::size_t texts) {
  return {.trace_id = request.trace.trace_id,
          .span_id = request.trace.span_id,
          .parent_span_id = request.trace.parent_span_id,
          .started_at = request.started_at.time_since_epoch().count(),
          .duration = request.duration.count(),
          .request_body_bytes = request.request_body_bytes,
          .response_body_bytes = request.response_body_bytes,
          .status_code = request.status_code,
          .server_port = request.server_port,
          .texts = static_cast<std::uint16_t>(texts),
          .http_minor_version = static_cast<std::uint8_t>(request.http_minor_version),
          .is_https = request.is_https,
          .is_sampled = request.trace.sampled,
          .is_random = request.trace.random,
          .has_call = request.call != nullptr};
}

PackedCall pack(const call::CallRecord& call, bool has_parameters, std::size_t tries) {
  return {.usage = call.usage,
          .policy = call.policy,
          .undelivered_tokens = call.undelivered_tokens,
          .gateway_time = call.gateway_time.count(),
          .tool_calls = call.tool_calls,
          .tool_results = call.tool_results,
          .blocked_tool_calls = call.blocked_tool_calls,
          .decisions = static_cast<std::uint32_t>(all_decisions_of(call).size()),
          .tries = static_cast<std::uint16_t>(tries),
          .labels = static_cast<std::uint16_t>(labels_of(call).size()),
          .finish_reasons = static_cast<std::uint16_t>(finish_reasons_of(call).size()),
          .outcome = call.outcome,
          .has_parameters = has_parameters,
          .is_stream = call.stream,
          .is_observed = call.route.operation != nullptr && call.route.operation->observed};
}

PackedParameters pack(const call::RequestParameters& parameters) {
  return {.numbers = parameters.numbers,
          .output_type = parameters.output_type,
          .stop_sequences = static_cast<std::uint8_t>(stop_sequences_of(parameters).size())};
}

PackedTry pack(const call::TryRecord& attempt) {
  return {.span_id = attempt.span_id,
          .started_at = attempt.started_at.time_since_epoch().count(),
          .duration = attempt.duration.count(),
          .first_byte = packed(attempt.time_to_first_byte),
          .first_byte_sent = packed(attempt.time_to_first_byte_sent),
          .first_token = packed(attempt.time_to_first_token),
          .last_token = packed(attempt.time_to_last_token),
          .retried_after = packed(attempt.retried_after),
          .gaps = attempt.gaps,
          .status_code = attempt.status_code,
          .server_port = attempt.server_port,
          .outcome = attempt.outcome,
          .stalls = static_cast<std::uint8_t>(stalls_of(attempt).size())};
}

PackedDecision pack(const call::ToolDecision& decision) {
  return {.policy_id = decision.policy_id.value_or(base::Uuid()),
          .decision = decision.decision,
          .has_policy = decision.policy_id.has_value()};
}

template <class T>
std::byte* copy_to(std::byte* at, const T& packed_value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(at, &packed_value, sizeof packed_value);
  return at + sizeof packed_value;
}

// ---- Reading.

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  bool read(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (bytes_.size() < sizeof value) return false;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_ = bytes_.subspan(sizeof value);
    return true;
  }

  /// Splits what follows into `count` texts; all of it must be used up.
  bool read_texts(std::size_t count) {
    if (bytes_.size() < count * sizeof(std::uint16_t)) return false;
    lengths_ = bytes_.first(count * sizeof(std::uint16_t));
    bytes_ = bytes_.subspan(lengths_.size());
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += length(i);
    return total == bytes_.size();
  }

  /// The next text; there must be one (their number was checked).
  std::string_view text() {
    const std::size_t size = length(next_++);
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), size);
    bytes_ = bytes_.subspan(size);
    return text;
  }

 private:
  std::size_t length(std::size_t i) const {
    std::uint16_t length = 0;
    std::memcpy(&length, lengths_.data() + i * sizeof length, sizeof length);
    return length;
  }

  std::span<const std::byte> bytes_;
  std::span<const std::byte> lengths_;
  std::size_t next_ = 0;
};

void unpack(const PackedRequest& from, call::RequestRecord& to) {
  to.trace.trace_id = from.trace_id;
  to.trace.span_id = from.span_id;
  to.trace.parent_span_id = from.parent_span_id;
  to.trace.sampled = from.is_sampled;
  to.trace.random = from.is_random;
  to.started_at = base::WallTime(base::Duration(from.started_at));
  to.duration = base::Duration(from.duration);
  to.request_body_bytes = from.request_body_bytes;
  to.response_body_bytes = from.response_body_bytes;
  to.status_code = from.status_code;
  to.server_port = from.server_port;
  to.http_minor_version = from.http_minor_version;
  to.is_https = from.is_https;
}

void unpack(const PackedCall& from, FinishedRequest& to) {
  to.call.usage = from.usage;
  to.call.undelivered_tokens = from.undelivered_tokens;
  to.call.gateway_time = base::Duration(from.gateway_time);
  to.call.tool_calls = from.tool_calls;
  to.call.tool_results = from.tool_results;
  to.call.blocked_tool_calls = from.blocked_tool_calls;
  to.call.policy = from.policy;
  to.decisions.resize(std::min<std::size_t>(from.decisions, kRecordedDecisionsMax));
  to.decisions_left_out = from.decisions - to.decisions.size();
  to.call.outcome = from.outcome;
  to.call.stream = from.is_stream;
  to.operation.observed = from.is_observed;
  to.labels.resize(from.labels);
  to.finish_reasons.resize(from.finish_reasons);
}

void unpack(const PackedParameters& from, call::RequestParameters& to) {
  to.numbers = from.numbers;
  to.output_type = from.output_type;
  to.stop_sequences.resize(from.stop_sequences);
}

call::TryRecord unpack(const PackedTry& from) {
  call::TryRecord attempt;
  attempt.span_id = from.span_id;
  attempt.started_at = base::WallTime(base::Duration(from.started_at));
  attempt.duration = base::Duration(from.duration);
  attempt.time_to_first_byte = unpacked(from.first_byte);
  attempt.time_to_first_byte_sent = unpacked(from.first_byte_sent);
  attempt.time_to_first_token = unpacked(from.first_token);
  attempt.time_to_last_token = unpacked(from.last_token);
  attempt.retried_after = unpacked(from.retried_after);
  attempt.gaps = from.gaps;
  attempt.status_code = from.status_code;
  attempt.server_port = from.server_port;
  attempt.outcome = from.outcome;
  return attempt;
}

void read_request_texts(Reader& reader, call::RequestRecord& request) {
  request.method = reader.text();
  request.route = reader.text();
  request.url_path = reader.text();
  request.error_type = reader.text();
  request.server_address = reader.text();
  request.client_address = reader.text();
  request.user_agent = reader.text();
  request.trace.tracestate = reader.text();
}

void read_parameter_texts(Reader& reader, call::RequestParameters& parameters) {
  parameters.encoding_format = reader.text();
  parameters.service_tier = reader.text();
  for (std::string& sequence : parameters.stop_sequences) sequence = reader.text();
}

void read_call_texts(Reader& reader, FinishedRequest& out) {
  out.call.route.provider = reader.text();
  out.operation.name = reader.text();
  out.operation.gen_ai_operation = reader.text();
  out.call.requested_model = reader.text();
  out.call.response_model = reader.text();
  out.call.response_id = reader.text();
  out.call.response_service_tier = reader.text();
  out.call.system_fingerprint = reader.text();
  out.agent_id = reader.text();
  out.agent_name = reader.text();
  if (out.call.parameters != nullptr) read_parameter_texts(reader, out.parameters);
  call::RequestLabels& labels = out.call.request_labels;
  for (std::string_view* label : {&labels.agent, &labels.session, &labels.run, &labels.user})
    *label = reader.text();
  for (LabelView& label : out.labels) label = {.key = reader.text(), .value = reader.text()};
  for (std::string_view& reason : out.finish_reasons) reason = reader.text();
  for (call::TryRecord& attempt : out.tries) {
    attempt.error_type = reader.text();
    attempt.server_address = reader.text();
  }
  for (FinishedRequest::Decision& decision : out.decisions) {
    decision.tool = reader.text();
    decision.reason = reader.text();
  }
}

bool read_decisions(Reader& reader, FinishedRequest& out) {
  for (FinishedRequest::Decision& decision : out.decisions) {
    PackedDecision packed;
    if (!reader.read(packed)) return false;
    decision.decision = packed.decision;
    decision.policy_id = packed.has_policy ? std::optional(packed.policy_id) : std::nullopt;
  }
  return true;
}

/// In one list, of which each try has its part: it grows no more once they point into it.
bool read_stalls(Reader& reader, std::span<const std::uint8_t> counts, FinishedRequest& out) {
  out.stalls.resize(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  for (call::Stall& stall : out.stalls)
    if (!reader.read(stall)) return false;
  std::span<const call::Stall> rest = out.stalls;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    out.tries[i].stalls = rest.first(counts[i]);
    rest = rest.subspan(counts[i]);
  }
  return true;
}

std::size_t texts_of_call(const PackedCall& call, const PackedParameters& parameters) {
  const std::size_t of_parameters =
      call.has_parameters ? kParameterTexts + std::size_t{parameters.stop_sequences} : 0;
  return kCallTexts + of_parameters + 2 * std::size_t{call.labels} + call.finish_reasons +
         2 * std::size_t{call.tries} + 2 * std::min<std::size_t>(call.decisions, kRecordedDecisionsMax);
}

}  // namespace

bool write_record(const call::RequestRecord& request, base::ByteRing& ring) {
  const call::CallRecord* call = request.call;
  TextList texts;
  add_request_texts(texts, request);
  std::span<const call::TryRecord> tries;
  const call::RequestParameters* parameters = nullptr;
  if (call != nullptr) {
    parameters = parameters_of(*call);
    tries = last(call->tries, kRecordedTriesMax);
    add_call_texts(texts, *call);
    if (parameters != nullptr) add_parameter_texts(texts, *parameters);
    add_request_labels(texts, call->request_labels);
    add_list_texts(texts, *call, tries);
  }

  std::size_t size = sizeof(PackedRequest) + texts.bytes_packed();
  if (call != nullptr) size += sizeof(PackedCall) + tries.size() * sizeof(PackedTry);
  if (parameters != nullptr) size += sizeof(PackedParameters);
  for (const call::TryRecord& attempt : tries) size += stalls_of(attempt).size() * sizeof(call::Stall);
  if (call != nullptr) size += decisions_of(*call).size() * sizeof(PackedDecision);
  const std::span<std::byte> record = ring.try_reserve(size);
  if (record.empty()) return false;

  std::byte* at = copy_to(record.data(), pack(request, texts.count()));
  if (call != nullptr) {
    at = copy_to(at, pack(*call, parameters != nullptr, tries.size()));
    if (parameters != nullptr) at = copy_to(at, pack(*parameters));
    for (const call::TryRecord& attempt : tries) at = copy_to(at, pack(attempt));
    for (const call::TryRecord& attempt : tries)
      for (const call::Stall& stall : stalls_of(attempt)) at = copy_to(at, stall);
    for (const call::ToolDecision& decision : decisions_of(*call)) at = copy_to(at, pack(decision));
  }
  at = texts.copy_to(at);
  ARCHESTRA_ASSERT(at == record.data() + record.size(), "a record fills what was reserved for it");
  ring.commit(size);
  return true;
}

bool read_record(std::span<const std::byte> record, FinishedRequest& out) {
  Reader reader(record);
  PackedRequest request;
  if (!reader.read(request)) return false;
  unpack(request, out.request);
  out.request.call = nullptr;
  out.labels.clear();
  out.finish_reasons.clear();
  out.tries.clear();
  out.decisions.clear();
  if (!request.has_call) {
    if (request.texts != kRequestTexts || !reader.read_texts(request.texts)) return false;
    read_request_texts(reader, out.request);
    return true;
  }

  PackedCall call;
  PackedParameters parameters{};
  if (!reader.read(call) || (call.has_parameters && !reader.read(parameters)) ||
      parameters.stop_sequences > call::kStopSequencesMax ||
      request.texts != kRequestTexts + texts_of_call(call, parameters))
    return false;
  unpack(call, out);
  out.call.parameters = call.has_parameters ? &out.parameters : nullptr;
  unpack(parameters, out.parameters);
  std::array<std::uint8_t, kRecordedTriesMax> stalls;
  if (call.tries > kRecordedTriesMax) return false;
  for (std::size_t i = 0; i < call.tries; ++i) {
    PackedTry attempt;
    if (!reader.read(attempt)) return false;
    out.tries.push_back(unpack(attempt));
    stalls[i] = attempt.stalls;
  }
  if (!read_stalls(reader, std::span(stalls).first(call.tries), out) || !read_decisions(reader, out))
    return false;
  if (!reader.read_texts(request.texts)) return false;
  read_request_texts(reader, out.request);
  read_call_texts(reader, out);
  out.call.route.route_template = out.request.route;
  out.call.route.operation = &out.operation;
  out.call.finish_reasons = out.finish_reasons;
  out.call.tries = out.tries;
  out.request.call = &out.call;
  return true;
}

}  // namespace archestra::telemetry
