// The one table from an ErrorCode of the upstream side to what it means: HTTP status for the client,
// outcome of the call, log level.
#pragma once

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

/// What a failure of the upstream exchange means before the response head arrived.
const ErrorMeaning& meaning_before_head(base::ErrorCode code);
/// The same after it: the status is the upstream's and can no longer change.
const ErrorMeaning& meaning_after_head(base::ErrorCode code);

}  // namespace archestra::call
