// Compression of what is sent to the collector (RFC 1952), by zlib, which stays in the .cc. Pure.
#pragma once

#include <string>
#include <string_view>

namespace archestra::telemetry::otlp {

/// `bytes` as one gzip member. Aborts where zlib has no memory.
std::string gzip(std::string_view bytes);

}  // namespace archestra::telemetry::otlp
