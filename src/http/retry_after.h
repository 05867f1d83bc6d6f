// Retry-After: how long a server asks its clients to stay away. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace archestra::http {

/// The wait that a Retry-After value asks for at `now`, in seconds or until a date (RFC 9110 sections 10.2.3
/// and 5.6.7): zero for a date that has passed, no more than 2^32 seconds, nothing for nonsense.
std::optional<base::Duration> parse_retry_after(std::string_view value, base::WallTime now);

}  // namespace archestra::http
