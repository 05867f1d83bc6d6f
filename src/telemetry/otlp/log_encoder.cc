#include "telemetry/otlp/log_encoder.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "telemetry/log/log_fields.h"
#include "telemetry/otlp/attributes.h"
#include "telemetry/otlp/ids.h"

namespace archestra::telemetry::otlp {
namespace {

// Field numbers of opentelemetry.proto.logs.v1.
constexpr std::uint32_t kScopeLogsRecords = 2;

constexpr std::uint32_t kRecordTime = 1;
constexpr std::uint32_t kRecordSeverityNumber = 2;
constexpr std::uint32_t kRecordSeverityText = 3;
constexpr std::uint32_t kRecordBody = 5;
constexpr std::uint32_t kRecordAttributes = 6;
constexpr std::uint32_t kRecordFlags = 8;
constexpr std::uint32_t kRecordTraceId = 9;
constexpr std::uint32_t kRecordSpanId = 10;
constexpr std::uint32_t kRecordObservedTime = 11;
constexpr std::uint32_t kRecordEventName = 12;
constexpr std::uint32_t kStringValue = 1;

/// SeverityNumber.
std::uint64_t severity_of(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kDebug:
      return 5;
    case base::LogLevel::kInfo:
      return 9;
    case base::LogLevel::kWarn:
      return 13;
    case base::LogLevel::kError:
    case base::LogLevel::kOff:
      break;
  }
  return 17;
}

/// A sink of put_fields().
class RecordFields {
 public:
  explicit RecordFields(ProtoWriter& out) : out_(out), attributes_(out, kRecordAttributes) {}

  [[gnu::always_inline]] void text(FieldName name, std::string_view value) {
    attributes_.string(name.attribute, value);
  }
  [[gnu::always_inline]] void text_unless_empty(FieldName name, std::string_view value) {
    attributes_.string_unless_empty(name.attribute, value);
  }
  [[gnu::always_inline]] void number(FieldName name, std::uint64_t value) {
    attributes_.integer(name.attribute, value);
  }
  void boolean(FieldName name, bool value) { attributes_.boolean(name.attribute, value); }
  // To the microsecond, as in the line.
  void milliseconds(FieldName name, base::Duration value) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(value).count();
    attributes_.real(name.attribute, static_cast<double>(micros) / 1000);
  }
  void list(FieldName name, std::span<const std::string_view> values) {
    attributes_.strings(name.attribute, values);
  }
  void labels(std::span<const LabelView> labels) {
    put_agent_labels(attributes_, labels);
    for (const LabelView& label : labels)
      if (hides_agent(label.key))
        attributes_.string("archestra.label." + std::string(label.key), label.value);
  }
  // The gateway sees what happens when it happens.
  void time(base::WallTime value) {
    out_.fixed64_field(kRecordTime, base::unix_nanos(value));
    out_.fixed64_field(kRecordObservedTime, base::unix_nanos(value));
  }
  void level(base::LogLevel level) {
    out_.varint_field(kRecordSeverityNumber, severity_of(level));
    out_.bytes_field(kRecordSeverityText, base::name_of(level));
  }
  void message(const LineMessage& message) {
    const auto body = out_.begin_message(kRecordBody);
    out_.bytes_field(kStringValue, message.text);
    out_.end_message(body);
    out_.bytes_field(kRecordEventName, message.event_name);
  }
  void trace(const call::TraceContext& trace) {
    out_.bytes_field(kRecordTraceId, bytes_of(trace.trace_id));
    out_.bytes_field(kRecordSpanId, bytes_of(trace.span_id));
    out_.fixed32_field(kRecordFlags, trace_flags_of(trace));
  }

 private:
  ProtoWriter& out_;
  AttributeWriter attributes_;
};

}  // namespace

void encode_log_record(const FinishedRequest& request, ProtoWriter& out) {
  const auto record = out.begin_message(kScopeLogsRecords);
  RecordFields fields(out);
  put_fields(fields, request);
  out.end_message(record);
}

}  // namespace archestra::telemetry::otlp
