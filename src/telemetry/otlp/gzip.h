// Compression of what is sent to the collector (RFC 1952), by zlib, which stays in the .cc. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace archestra::telemetry::otlp {

/// The pieces, in order, as one gzip member. Aborts where zlib has no memory.
std::string gzip(std::span<const std::string_view> pieces);

}  // namespace archestra::telemetry::otlp
