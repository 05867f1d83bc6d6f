// What the allocator says of itself, and the one thing it is told: when to give memory back. It does neither
// by itself (docs/decisions/0005-the-allocator.md), so that a shard that frees something never pays for it.
// Sanitizers bring an allocator of their own, whose figures are shown instead.
#pragma once

#include <cstdint>
#include <string_view>

namespace archestra::telemetry {

struct HeapFigures {
  std::uint64_t used_bytes = 0;    ///< handed out and not given back
  std::uint64_t held_bytes = 0;    ///< of the machine's memory, with what is used and its own bookkeeping
  std::uint64_t unused_bytes = 0;  ///< whole pages of what is held that purge_heap() would give back
};

/// Any thread, one at a time. Takes the allocator's locks one after the other, each for a moment.
HeapFigures read_heap();

/// Gives pages that nobody uses back to the system; the next who needs some has them zeroed again. Any thread
/// that may wait: 100 MB take about 10 ms.
void purge_heap();

/// "jemalloc", "sanitizer".
std::string_view allocator_name();

}  // namespace archestra::telemetry
