#include "telemetry/metrics/exemplar.h"

namespace archestra::telemetry {

std::optional<Exemplar> ExemplarSlot::read() const {
  // A write takes some nanoseconds and comes once a second; one that is interrupted in the middle is not
  // worth waiting for.
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t before = sequence_.load(std::memory_order_acquire);
    if (before == 0) return std::nullopt;
    std::array<std::uint64_t, kWords> words{};
    for (std::size_t k = 0; k < kWords; ++k) words[k] = words_[k].load(std::memory_order_acquire);
    if (before % 2 != 0 || sequence_.load(std::memory_order_relaxed) != before) continue;
    Exemplar exemplar;
    exemplar.span.trace_id.bytes = std::bit_cast<std::array<std::uint8_t, 16>>(
        std::array<std::uint64_t, 2>{words[kTraceId], words[kTraceId + 1]});
    exemplar.span.span_id.bytes = std::bit_cast<std::array<std::uint8_t, 8>>(words[kSpanId]);
    exemplar.span.time = base::WallTime(base::Duration(static_cast<std::int64_t>(words[kTime])));
    exemplar.value = words[kValue];
    return exemplar;
  }
  return std::nullopt;
}

void keep_newer(std::optional<Exemplar>& kept, const std::optional<Exemplar>& other) {
  if (other && (!kept || kept->span.time < other->span.time)) kept = other;
}

}  // namespace archestra::telemetry
