// Ids and flags of a trace as the messages of OTLP have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "call/call_record.h"

namespace archestra::telemetry::otlp {

template <std::size_t N>
std::string_view bytes_of(const base::HexId<N>& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), N};
}

/// The flags of the W3C trace context.
inline std::uint32_t trace_flags_of(const call::TraceContext& trace) {
  constexpr std::uint32_t kSampled = 0x01;
  constexpr std::uint32_t kRandom = 0x02;
  return (trace.sampled ? kSampled : 0) | (trace.random ? kRandom : 0);
}

}  // namespace archestra::telemetry::otlp
