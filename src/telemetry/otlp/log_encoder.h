// The log of calls as OTLP: a finished request as one LogRecord, in the trace of its spans. It says what its
// line says (telemetry/log/log_fields.h). One thread.
#pragma once

#include "telemetry/proto_writer.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry::otlp {

/// Appends the request's record as one field of ScopeLogs.
void encode_log_record(const FinishedRequest& request, ProtoWriter& out);

}  // namespace archestra::telemetry::otlp
