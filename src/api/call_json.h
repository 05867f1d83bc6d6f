// One call as JSON. Pure.
#pragma once

#include <string>

#include "telemetry/trace/span_record.h"

namespace archestra::api {

/// As it stands in lists. `request.request.call` is there, as for the next one.
void append_call(std::string& out, const telemetry::FinishedRequest& request);
/// With its tries and what was decided about its tool calls.
void append_call_details(std::string& out, const telemetry::FinishedRequest& request);

}  // namespace archestra::api
