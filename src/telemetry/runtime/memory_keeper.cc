#include "telemetry/runtime/memory_keeper.h"

#include <algorithm>

#include "telemetry/runtime/heap.h"
#include "telemetry/runtime/runtime_metrics.h"

namespace archestra::telemetry {

MemoryKeeper::MemoryKeeper(RuntimeMetrics& metrics) : purges_(metrics.add_reclaims("allocator")) {}

void MemoryKeeper::look() {
  for (Pool& pool : pools_)
    if (pool.stats->bytes_idle.value() >= static_cast<std::int64_t>(kBufferBytesMin)) pool.post_trim();

  // Twice in a row: what was unused at one moment of a busy time is needed at the next.
  const std::uint64_t unused = read_heap().unused_bytes;
  if (std::min(unused, std::exchange(unused_before_, unused)) < kHeapBytesMin) return;
  const base::MonotonicTime start = base::monotonic_now();
  purge_heap();
  purges_.observe(base::monotonic_now() - start);
  unused_before_ = 0;
}

}  // namespace archestra::telemetry
