#include "telemetry/metrics/exemplar.h"

#include <utility>

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

ExemplarSlots::~ExemplarSlots() {
  for (const Node* node = newest_.load(std::memory_order_relaxed); node != nullptr;)
    delete std::exchange(node, node->older);
}

void ExemplarSlots::offer(const ExemplarSpan& span, std::uint64_t value, std::size_t place) {
  const Node* const newest = newest_.load(std::memory_order_relaxed);
  const Node* node = newest;
  while (node != nullptr && node->place != place) node = node->older;
  if (node != nullptr) [[likely]]
    return node->slot.offer(span, value);
  node = new Node{.place = place, .older = newest, .slot = {}};
  node->slot.offer(span, value);
  newest_.store(node, std::memory_order_release);
}

void ExemplarSlots::add_to(std::span<std::optional<Exemplar>> newest) const {
  const Node* node = newest_.load(std::memory_order_acquire);
  for (; node != nullptr; node = node->older) {
    const std::optional<Exemplar> exemplar = node->slot.read();
    std::optional<Exemplar>& kept = newest[node->place];
    if (exemplar && (!kept || kept->span.time < exemplar->span.time)) kept = exemplar;
  }
}

}  // namespace archestra::telemetry
