// A finished request as OTLP spans: one SERVER span, and below it one CLIENT span for each try of the
// LLM call in it. Span names and attributes are the observability contract's, OpenTelemetry's HTTP and
// GenAI conventions beside them. No query, no header, no content ever goes out. One thread.
#pragma once

#include <cstdint>

#include "telemetry/proto_writer.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry::otlp {

/// What CLIENT spans are called.
enum class SpanNames : std::uint8_t {
  kProvider,  ///< "openai.chat.completions": the observability contract's
  kGenAi,     ///< "chat gpt-4o": OpenTelemetry's GenAI conventions; the other where they have no operation
};

/// Appends the request's spans, each as one field of ScopeSpans.
void encode_spans(const FinishedRequest& request, ProtoWriter& out, SpanNames names = SpanNames::kProvider);

}  // namespace archestra::telemetry::otlp
