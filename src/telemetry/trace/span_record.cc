#include "telemetry/trace/span_record.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <optional>
#include <type_traits>

#include "base/assert.h"
#include "telemetry/text.h"

namespace archestra::telemetry {
namespace {

// What is packed has no padding, so that no byte that nobody wrote leaves the process; and it is made of
// numbers alone, so that any bytes may be read into it: what they mean is looked at when they are unpacked.

struct PackedRequest {
  RecordPrefix prefix;
  std::int32_t status_code;
  base::TraceId trace_id;
  base::SpanId span_id;
  base::SpanId parent_span_id;
  std::int64_t started_at;
  std::int64_t duration;
  std::uint64_t request_body_bytes;
  std::uint64_t response_body_bytes;
  std::uint16_t server_port;
  std::uint16_t texts;
  std::uint16_t http_minor_version;
  std::uint16_t flags;
};
constexpr unsigned kIsHttps = 1;
constexpr unsigned kIsSampled = 2;
constexpr unsigned kIsRandom = 4;
constexpr unsigned kHasCall = 8;
constexpr unsigned kRequestFlags = kIsHttps | kIsSampled | kIsRandom | kHasCall;

struct PackedCall {
  std::uint64_t input_tokens;
  std::uint64_t output_tokens;
  std::uint64_t cache_read_tokens;
  std::uint64_t cache_write_tokens;
  std::uint64_t reasoning_tokens;
  std::uint64_t undelivered_tokens;
  call::PolicyFigures policy;
  std::int64_t gateway_time;
  std::uint32_t tool_calls;
  std::uint32_t tool_results;
  std::uint32_t blocked_tool_calls;
  std::uint32_t decisions;  // all; of these kRecordedDecisionsMax at most follow
  std::uint16_t flags;
  std::uint16_t labels;
  std::uint8_t tries;
  std::uint8_t finish_reasons;
  std::uint8_t outcome;
  std::uint8_t provenance;
};
constexpr unsigned kHasParameters = 1;
constexpr unsigned kIsStream = 2;
constexpr unsigned kIsObserved = 4;
constexpr unsigned kHasContent = 8;
constexpr unsigned kCallFlags = kHasParameters | kIsStream | kIsObserved | kHasContent;
static_assert(kRecordedTriesMax <= UINT8_MAX && kRecordedFinishReasonsMax <= UINT8_MAX);

constexpr std::size_t kNumbers = 9;  // of call::RequestNumbers

// Only of a request that says any.
struct PackedParameters {
  std::array<std::uint64_t, kNumbers> numbers;  // their bits
  std::uint32_t numbers_said;                   // a bit for each
  std::uint16_t output_type;
  std::uint16_t stop_sequences;  // that many texts
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
  decltype(call::TokenGaps::counts) gaps;
  std::uint32_t gap_stalls;
  std::int64_t gap_sum;
  std::int32_t status_code;
  std::uint16_t server_port;
  std::uint8_t outcome;
  std::uint8_t stalls;  // that many follow
};

struct PackedDecision {
  base::Uuid policy_id;
  std::uint8_t decision;
  std::uint8_t has_policy;
};

constexpr std::int64_t kNoTime = -1;
// Nobody's times are beyond these, and what is within them can be added up.
constexpr std::int64_t kTimeMax = std::int64_t{1} << 62;
constexpr std::int64_t kDurationMax = std::int64_t{1} << 59;
constexpr std::size_t kRequestTexts = 8;
constexpr std::size_t kCallTexts = 14;
constexpr std::size_t kParameterTexts = 2;  // and the stop sequences
constexpr std::size_t kContentTexts = 4;
constexpr std::size_t kTextsMax =
    kRequestTexts + kCallTexts + kParameterTexts + kContentTexts + call::kStopSequencesMax +
    2 * kRecordedLabelsMax + kRecordedFinishReasonsMax + 2 * kRecordedTriesMax + 2 * kRecordedDecisionsMax;

std::int64_t packed(const std::optional<base::Duration>& time) { return time ? time->count() : kNoTime; }

base::Duration duration_of(std::int64_t time) {
  return base::Duration(std::clamp(time, -kDurationMax, kDurationMax));
}

base::WallTime wall_time_of(std::int64_t time) {
  return base::WallTime(base::Duration(std::clamp(time, -kTimeMax, kTimeMax)));
}

std::optional<base::Duration> unpacked(std::int64_t time) {
  if (time == kNoTime) return std::nullopt;
  return duration_of(time);
}

std::uint16_t flag_if(bool is_set, unsigned flag) { return static_cast<std::uint16_t>(is_set ? flag : 0); }

/// Of which record's spans a collector is told.
std::size_t spans_told(bool is_sampled, std::size_t tries) { return is_sampled ? 1 + tries : 0; }

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

// In the one order for both sides.
template <class Content, class Take>
void for_each_content(Content& content, Take take) {
  take(content.system_instructions);
  take(content.input_messages);
  take(content.output_messages);
  take(content.tool_definitions);
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

PackedRequest pack(const call::RequestRecord& request, std::size_t tries, std::size_t texts) {
  return {.prefix = {.format = kRecordFormat,
                     .spans = static_cast<std::uint16_t>(spans_told(request.trace.sampled, tries))},
          .status_code = request.status_code,
          .trace_id = request.trace.trace_id,
          .span_id = request.trace.span_id,
          .parent_span_id = request.trace.parent_span_id,
          .started_at = request.started_at.time_since_epoch().count(),
          .duration = request.duration.count(),
          .request_body_bytes = request.request_body_bytes,
          .response_body_bytes = request.response_body_bytes,
          .server_port = request.server_port,
          .texts = static_cast<std::uint16_t>(texts),
          .http_minor_version = static_cast<std::uint16_t>(request.http_minor_version),
          .flags = static_cast<std::uint16_t>(
              flag_if(request.is_https, kIsHttps) | flag_if(request.trace.sampled, kIsSampled) |
              flag_if(request.trace.random, kIsRandom) | flag_if(request.call != nullptr, kHasCall))};
}

PackedCall pack(const call::CallRecord& call, bool has_parameters, bool has_content, std::size_t tries) {
  const bool is_observed = call.route.operation != nullptr && call.route.operation->observed;
  return {.input_tokens = call.usage.input_tokens,
          .output_tokens = call.usage.output_tokens,
          .cache_read_tokens = call.usage.cache_read_tokens,
          .cache_write_tokens = call.usage.cache_write_tokens,
          .reasoning_tokens = call.usage.reasoning_tokens,
          .undelivered_tokens = call.undelivered_tokens,
          .policy = call.policy,
          .gateway_time = call.gateway_time.count(),
          .tool_calls = call.tool_calls,
          .tool_results = call.tool_results,
          .blocked_tool_calls = call.blocked_tool_calls,
          .decisions = static_cast<std::uint32_t>(all_decisions_of(call).size()),
          .flags = static_cast<std::uint16_t>(
              flag_if(has_parameters, kHasParameters) | flag_if(call.stream, kIsStream) |
              flag_if(is_observed, kIsObserved) | flag_if(has_content, kHasContent)),
          .labels = static_cast<std::uint16_t>(labels_of(call).size()),
          .tries = static_cast<std::uint8_t>(tries),
          .finish_reasons = static_cast<std::uint8_t>(finish_reasons_of(call).size()),
          .outcome = static_cast<std::uint8_t>(call.outcome),
          .provenance = static_cast<std::uint8_t>(call.usage.provenance)};
}

/// `take` is called with each number, in one order for both sides.
template <class Numbers, class Take>
void for_each_number(Numbers& numbers, Take take) {
  take(numbers.max_tokens);
  take(numbers.temperature);
  take(numbers.top_p);
  take(numbers.top_k);
  take(numbers.frequency_penalty);
  take(numbers.presence_penalty);
  take(numbers.seed);
  take(numbers.choice_count);
  take(numbers.dimension_count);
}

PackedParameters pack(const call::RequestParameters& parameters) {
  PackedParameters packed{.numbers = {},
                          .numbers_said = 0,
                          .output_type = static_cast<std::uint16_t>(parameters.output_type),
                          .stop_sequences = static_cast<std::uint16_t>(stop_sequences_of(parameters).size())};
  std::size_t at = 0;
  for_each_number(parameters.numbers, [&](const auto& number) {
    if (number) {
      packed.numbers[at] = std::bit_cast<std::uint64_t>(*number);
      packed.numbers_said |= 1U << at;
    }
    ++at;
  });
  return packed;
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
          .gaps = attempt.gaps.counts,
          .gap_stalls = attempt.gaps.stalls,
          .gap_sum = attempt.gaps.sum.count(),
          .status_code = attempt.status_code,
          .server_port = attempt.server_port,
          .outcome = static_cast<std::uint8_t>(attempt.outcome),
          .stalls = static_cast<std::uint8_t>(stalls_of(attempt).size())};
}

PackedDecision pack(const call::ToolDecision& decision) {
  return {.policy_id = decision.policy_id.value_or(base::Uuid()),
          .decision = static_cast<std::uint8_t>(decision.decision),
          .has_policy = decision.policy_id.has_value()};
}

template <class T>
std::byte* copy_to(std::byte* at, const T& packed_value) {
  static_assert(std::has_unique_object_representations_v<T>, "without padding");
  std::memcpy(at, &packed_value, sizeof packed_value);
  return at + sizeof packed_value;
}

// ---- Reading.

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  bool read(T& value) {
    static_assert(std::has_unique_object_representations_v<T>, "any bytes are a value");
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

/// Where the number is one of the enumeration's, whose last one is `last`.
template <class Enum>
bool unpack_enum(unsigned from, Enum last, Enum& to) {
  if (from > static_cast<unsigned>(last)) return false;
  to = static_cast<Enum>(from);
  return true;
}

constexpr std::int32_t kStatusCodeMax = 999;
bool is_status_code(std::int32_t code) { return code >= 0 && code <= kStatusCodeMax; }

bool unpack(const PackedRequest& from, call::RequestRecord& to) {
  if (!is_status_code(from.status_code) || from.http_minor_version > 1 || from.flags > kRequestFlags)
    return false;
  to.trace.trace_id = from.trace_id;
  to.trace.span_id = from.span_id;
  to.trace.parent_span_id = from.parent_span_id;
  to.trace.sampled = (from.flags & kIsSampled) != 0;
  to.trace.random = (from.flags & kIsRandom) != 0;
  to.started_at = wall_time_of(from.started_at);
  to.duration = duration_of(from.duration);
  to.request_body_bytes = from.request_body_bytes;
  to.response_body_bytes = from.response_body_bytes;
  to.status_code = from.status_code;
  to.server_port = from.server_port;
  to.http_minor_version = from.http_minor_version;
  to.is_https = (from.flags & kIsHttps) != 0;
  return true;
}

bool unpack(const PackedCall& from, FinishedRequest& to) {
  if (from.flags > kCallFlags || from.tries > kRecordedTriesMax || from.labels > kRecordedLabelsMax ||
      from.finish_reasons > kRecordedFinishReasonsMax)
    return false;
  if (!unpack_enum(from.outcome, call::Outcome::kInternalError, to.call.outcome) ||
      !unpack_enum(from.provenance, call::Provenance::kProvider, to.call.usage.provenance))
    return false;
  call::Usage& usage = to.call.usage;
  usage.input_tokens = from.input_tokens;
  usage.output_tokens = from.output_tokens;
  usage.cache_read_tokens = from.cache_read_tokens;
  usage.cache_write_tokens = from.cache_write_tokens;
  usage.reasoning_tokens = from.reasoning_tokens;
  to.call.undelivered_tokens = from.undelivered_tokens;
  to.call.gateway_time = duration_of(from.gateway_time);
  to.call.tool_calls = from.tool_calls;
  to.call.tool_results = from.tool_results;
  to.call.blocked_tool_calls = from.blocked_tool_calls;
  to.call.policy = from.policy;
  to.call.policy.time = duration_of(from.policy.time.count());
  to.decisions.resize(std::min<std::size_t>(from.decisions, kRecordedDecisionsMax));
  to.decisions_left_out = from.decisions - to.decisions.size();
  to.call.stream = (from.flags & kIsStream) != 0;
  to.operation.observed = (from.flags & kIsObserved) != 0;
  to.labels.resize(from.labels);
  to.finish_reasons.resize(from.finish_reasons);
  return true;
}

bool unpack(const PackedParameters& from, call::RequestParameters& to) {
  if (from.stop_sequences > call::kStopSequencesMax || from.numbers_said >= 1U << kNumbers ||
      !unpack_enum(from.output_type, call::OutputType::kSpeech, to.output_type))
    return false;
  std::size_t at = 0;
  for_each_number(to.numbers, [&]<class Number>(std::optional<Number>& number) {
    const bool is_said = (from.numbers_said & 1U << at) != 0;
    number = is_said ? std::optional(std::bit_cast<Number>(from.numbers[at])) : std::nullopt;
    ++at;
  });
  to.stop_sequences.resize(from.stop_sequences);
  return true;
}

bool unpack(const PackedTry& from, call::TryRecord& to) {
  if (!is_status_code(from.status_code) || from.stalls > call::kStallsToldMax ||
      !unpack_enum(from.outcome, call::Outcome::kInternalError, to.outcome))
    return false;
  to.span_id = from.span_id;
  to.started_at = wall_time_of(from.started_at);
  to.duration = duration_of(from.duration);
  to.time_to_first_byte = unpacked(from.first_byte);
  to.time_to_first_byte_sent = unpacked(from.first_byte_sent);
  to.time_to_first_token = unpacked(from.first_token);
  to.time_to_last_token = unpacked(from.last_token);
  to.retried_after = unpacked(from.retried_after);
  to.gaps = {.counts = from.gaps, .sum = duration_of(from.gap_sum), .stalls = from.gap_stalls};
  to.status_code = from.status_code;
  to.server_port = from.server_port;
  return true;
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
  if (out.call.content != nullptr)
    for_each_content(out.content, [&](std::string_view& text) { text = reader.text(); });
}

bool read_decisions(Reader& reader, FinishedRequest& out) {
  for (FinishedRequest::Decision& decision : out.decisions) {
    PackedDecision packed;
    if (!reader.read(packed) || packed.has_policy > 1 ||
        !unpack_enum(packed.decision, call::Decision::kWouldBlock, decision.decision))
      return false;
    decision.policy_id = packed.has_policy != 0 ? std::optional(packed.policy_id) : std::nullopt;
  }
  return true;
}

/// In one list, of which each try has its part: it grows no more once they point into it.
bool read_stalls(Reader& reader, std::span<const std::uint8_t> counts, FinishedRequest& out) {
  out.stalls.resize(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  for (call::Stall& stall : out.stalls) {
    if (!reader.read(stall)) return false;
    stall = {.began = duration_of(stall.began.count()), .length = duration_of(stall.length.count())};
  }
  std::span<const call::Stall> rest = out.stalls;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    out.tries[i].stalls = rest.first(counts[i]);
    rest = rest.subspan(counts[i]);
  }
  return true;
}

std::size_t texts_of_call(const FinishedRequest& request) {
  const std::size_t of_parameters =
      request.call.parameters != nullptr ? kParameterTexts + request.parameters.stop_sequences.size() : 0;
  return kCallTexts + of_parameters + 2 * request.labels.size() + request.finish_reasons.size() +
         2 * request.tries.size() + 2 * request.decisions.size() +
         (request.call.content != nullptr ? kContentTexts : 0);
}

bool read_parameters(Reader& reader, bool has_parameters, FinishedRequest& out) {
  out.call.parameters = has_parameters ? &out.parameters : nullptr;
  if (!has_parameters) return true;
  PackedParameters parameters;
  return reader.read(parameters) && unpack(parameters, out.parameters);
}

bool read_tries(Reader& reader, std::size_t count, FinishedRequest& out) {
  std::array<std::uint8_t, kRecordedTriesMax> stalls;
  out.tries.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    PackedTry attempt;
    if (!reader.read(attempt) || !unpack(attempt, out.tries[i])) return false;
    stalls[i] = attempt.stalls;
  }
  return read_stalls(reader, std::span(stalls).first(count), out);
}

/// All of a call but its texts.
bool read_call(Reader& reader, FinishedRequest& out) {
  PackedCall call;
  if (!reader.read(call) || !unpack(call, out)) return false;
  out.call.content = (call.flags & kHasContent) != 0 ? &out.content : nullptr;
  return read_parameters(reader, (call.flags & kHasParameters) != 0, out) &&
         read_tries(reader, call.tries, out) && read_decisions(reader, out);
}

}  // namespace

bool write_record(const call::RequestRecord& request, base::ByteRing& ring, RecordedContent recorded) {
  const call::CallRecord* call = request.call;
  TextList texts;
  add_request_texts(texts, request);
  std::span<const call::TryRecord> tries;
  const call::RequestParameters* parameters = nullptr;
  const bool has_content =
      recorded == RecordedContent::kCaptured && call != nullptr && call->content != nullptr;
  if (call != nullptr) {
    parameters = parameters_of(*call);
    tries = last(call->tries, kRecordedTriesMax);
    add_call_texts(texts, *call);
    if (parameters != nullptr) add_parameter_texts(texts, *parameters);
    add_request_labels(texts, call->request_labels);
    add_list_texts(texts, *call, tries);
    // Its limit is its maker's: what is cut here would be JSON no more.
    if (has_content)
      for_each_content(*call->content, [&](std::string_view text) {
        texts.add(text.size() <= call::CapturedContent::kBytesMax ? text : std::string_view());
      });
  }

  std::size_t size = sizeof(PackedRequest) + texts.bytes_packed();
  if (call != nullptr) size += sizeof(PackedCall) + tries.size() * sizeof(PackedTry);
  if (parameters != nullptr) size += sizeof(PackedParameters);
  for (const call::TryRecord& attempt : tries) size += stalls_of(attempt).size() * sizeof(call::Stall);
  if (call != nullptr) size += decisions_of(*call).size() * sizeof(PackedDecision);
  const std::span<std::byte> record = ring.try_reserve(size);
  if (record.empty()) return false;

  std::byte* at = copy_to(record.data(), pack(request, tries.size(), texts.count()));
  if (call != nullptr) {
    at = copy_to(at, pack(*call, parameters != nullptr, has_content, tries.size()));
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

std::optional<RecordPrefix> read_prefix(std::span<const std::byte> record) {
  RecordPrefix prefix;
  if (!Reader(record).read(prefix)) return std::nullopt;
  return prefix;
}

bool read_record(std::span<const std::byte> record, FinishedRequest& out) {
  Reader reader(record);
  PackedRequest request;
  out.request.call = nullptr;
  out.labels.clear();
  out.finish_reasons.clear();
  out.tries.clear();
  out.stalls.clear();
  out.decisions.clear();
  if (!reader.read(request) || request.prefix.format != kRecordFormat || !unpack(request, out.request))
    return false;
  const bool has_call = (request.flags & kHasCall) != 0;
  if (has_call && !read_call(reader, out)) return false;
  if (request.prefix.spans != spans_told(out.request.trace.sampled, out.tries.size()) ||
      request.texts != kRequestTexts + (has_call ? texts_of_call(out) : 0) ||
      !reader.read_texts(request.texts))
    return false;
  read_request_texts(reader, out.request);
  if (!has_call) return true;
  read_call_texts(reader, out);
  out.call.route.route_template = out.request.route;
  out.call.route.operation = &out.operation;
  out.call.finish_reasons = out.finish_reasons;
  out.call.tries = out.tries;
  out.request.call = &out.call;
  return true;
}

}  // namespace archestra::telemetry
