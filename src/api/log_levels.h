// The handlers of /api/log-levels: what the two logs write, changed while the process runs and forgotten with
// it. On the api thread.
#pragma once

#include <string_view>

#include "api/answers.h"
#include "telemetry/log/access_log_level.h"

namespace archestra::api {

class LogLevels {
 public:
  /// `access_log` outlives it. The process's own log is base/log.h's.
  explicit LogLevels(telemetry::AccessLogLevel& access_log) : access_log_(access_log) {}

  ServiceAnswer get() const;
  /// Sets the levels that `body` gives; the other stays as it is.
  ServiceAnswer update(std::string_view body);

 private:
  telemetry::AccessLogLevel& access_log_;
};

}  // namespace archestra::api
