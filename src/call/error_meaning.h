// The one table from an ErrorCode of the upstream side to what it means: HTTP status for the client,
// outcome of the call, log level.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "call/outcome.h"

namespace archestra::call {

struct ErrorMeaning {
  int http_status;  ///< sent to the client where no response byte has left yet
  Outcome outcome;
  base::LogLevel log_level;
  std::string_view code;     ///< value of the x-archestra-error header and of error.type
  std::string_view message;  ///< for the person who reads the SDK's exception
};

/// The limits on an upstream's time.
enum class TimeLimit : std::uint8_t {
  kConnect,    ///< for name, TCP and TLS
  kFirstByte,  ///< from the request sent to the response's head
  kIdle,       ///< in which nothing moved
  kTotal,      ///< of the call
};

/// What a failure of the upstream exchange means before the response head arrived; `limit` is the one that a
/// kTimeout passed.
const ErrorMeaning& meaning_before_head(base::ErrorCode code, TimeLimit limit = TimeLimit::kTotal);
/// The same after it: the status is the upstream's and can no longer change.
const ErrorMeaning& meaning_after_head(base::ErrorCode code, TimeLimit limit = TimeLimit::kTotal);

}  // namespace archestra::call
