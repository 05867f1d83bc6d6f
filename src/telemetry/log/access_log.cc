#include "telemetry/log/access_log.h"

#include "telemetry/log/line_fields.h"
#include "telemetry/log/log_fields.h"

namespace archestra::telemetry {

// Where we made no error of our own, the last try's tells why the call failed; but not of a call whose client
// left while the next try was waited for.
std::string_view error_type_of(const FinishedRequest& finished) {
  if (!finished.request.error_type.empty() || finished.request.call == nullptr || finished.tries.empty())
    return finished.request.error_type;
  return is_span_error(finished.call.outcome) ? finished.tries.back().error_type : std::string_view();
}

base::LogLevel log_level_of(const call::RequestRecord& request) {
  if (request.call == nullptr) return base::LogLevel::kDebug;
  return request.call->outcome == call::Outcome::kCompleted ? base::LogLevel::kInfo : base::LogLevel::kWarn;
}

void append_access_log(std::string& out, const FinishedRequest& finished, base::LogFormat format) {
  LineFields fields(out, format);
  put_fields(fields, finished);
  fields.end();
}

}  // namespace archestra::telemetry
