// A finished request as OTLP spans: one SERVER span, and below it one CLIENT span for each try of the
// LLM call in it. Span names and attributes are the observability contract's, OpenTelemetry's HTTP and
// GenAI conventions beside them. No query, no header, no content ever goes out. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/proto_writer.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry::otlp {

/// Who exports (OpenTelemetry resource conventions).
struct Resource {
  std::string service_name = "archestra";
  std::string service_version{};
  std::string service_instance_id{};  ///< a UUID made at start; "" leaves it out
  /// Further ones; their keys are valid UTF-8, and each is there once. They win over the version and instance
  /// above, not over the name, nor over what tells who made the spans (telemetry.sdk.*).
  std::vector<std::pair<std::string, std::string>> attributes{};
};

/// What CLIENT spans are called.
enum class SpanNames : std::uint8_t {
  kProvider,  ///< "openai.chat.completions": the observability contract's
  kGenAi,     ///< "chat gpt-4o": OpenTelemetry's GenAI conventions; the other where they have no operation
};

/// Appends the request's spans, each as one field of ScopeSpans.
void encode_spans(const FinishedRequest& request, ProtoWriter& out, SpanNames names = SpanNames::kProvider);

/// The bytes that stand before and after the spans in every ExportTraceServiceRequest, which is made in
/// place: begin(), encode_spans() once or repeatedly, end().
class RequestFrame {
 public:
  explicit RequestFrame(const Resource& resource);

  /// Leaves room in an empty `out` for what stands before the spans.
  void begin(ProtoWriter& out) const { out.leave_out(room_); }
  /// Completes the request. Returns where in `out` it begins; it ends where `out` does.
  std::size_t end(ProtoWriter& out) const;

 private:
  std::size_t room_ = 0;  // that the longest prefix takes
  std::string resource_;  // field 1 of ResourceSpans
  std::string scope_;     // field 1 of ScopeSpans
  std::string schema_;    // field 3 of ScopeSpans
};

}  // namespace archestra::telemetry::otlp
