// One try of a call: what will be recorded of it, and what its steps leave for each other.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "call/call_record.h"
#include "http/body_framing.h"

namespace archestra::proxy {

struct Try {
  call::TryRecord record;  ///< without its error_type, until told()
  std::string error_type;
  bool is_over = false;  ///< its outcome is known, and not the call's
  base::MonotonicTime started;
  std::uint64_t sent_before = 0;       ///< on its connection, in bytes, when the request began
  bool request_sent = false;           ///< all of it
  base::MonotonicTime answered;        ///< when the response's head had come
  http::BodyFraming response_framing;  ///< from then on
  bool upstream_persists = false;      ///< so does this: the connection may be used again after the response

  /// It is at its end, now; does nothing where it was before.
  void end() {
    if (record.duration == base::Duration::zero()) record.duration = base::monotonic_now() - started;
  }
  void settle(call::Outcome outcome, std::string_view why) {
    record.outcome = outcome;
    error_type = why;
    is_over = true;
  }
  /// The record, whose view lives as long as this stays where it is.
  const call::TryRecord& told() {
    record.error_type = error_type;
    return record;
  }
};

}  // namespace archestra::proxy
