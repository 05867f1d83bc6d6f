// One line for each LLM call, and at debug level for every other request: JSON, or text for people to read.
// What it says is what metrics and spans say, from the same record; it never holds a query, a header or
// content. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "call/call_record.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {

/// debug for a request without a call; warn for a call that was not completed; else info.
base::LogLevel log_level_of(const call::RequestRecord& request);

/// error.type of a request, whoever's fault it was; "" for none.
std::string_view error_type_of(const FinishedRequest& request);

/// Appends the line with its line end. Times are of the request's end; fields without a value are left
/// out, token counts where nobody told them.
void append_access_log(std::string& out, const FinishedRequest& request, base::LogFormat format);

}  // namespace archestra::telemetry
