// A finished request as the messages that protoc generated: what otlp::encode_spans writes, the same
// attributes in the same order.
#pragma once

#include "otlp_trace.pb.h"
#include "telemetry/trace/span_record.h"

namespace archestra::rival {

/// Appends the request's spans.
void add_spans(const telemetry::FinishedRequest& request, ScopeSpans& spans);

}  // namespace archestra::rival
