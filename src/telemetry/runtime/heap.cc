#include "telemetry/runtime/heap.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "base/assert.h"

#ifdef ARCHESTRA_SANITIZED
#include <sanitizer/allocator_interface.h>
#else
#include <jemalloc/jemalloc.h>
#endif

#ifndef ARCHESTRA_SANITIZED
// Read by jemalloc before main. Pages in no use stay as they are until purge_heap(); by itself it would give
// them back in the middle of some thread's free().
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:false,dirty_decay_ms:-1,muzzy_decay_ms:-1";
#endif

namespace archestra::telemetry {

#ifdef ARCHESTRA_SANITIZED

namespace {

// What it could give back nobody knows: taken for it is what was in use once since the last purge and is no
// more.
std::atomic<std::uint64_t> g_used_most{0};

}  // namespace

HeapFigures read_heap() {
  const std::uint64_t used = __sanitizer_get_current_allocated_bytes();
  const std::uint64_t most = std::max(used, g_used_most.load());
  g_used_most = most;
  return {.used_bytes = used, .held_bytes = __sanitizer_get_heap_size(), .unused_bytes = most - used};
}

void purge_heap() {
  __sanitizer_purge_allocator();
  g_used_most = 0;
}

std::string_view allocator_name() { return "sanitizer"; }

#else

namespace {

#define ARCHESTRA_TEXT_OF(value) #value
#define ARCHESTRA_ALL_ARENAS(value) ARCHESTRA_TEXT_OF(value)

std::size_t figure(const char* name) {
  std::size_t value = 0;
  std::size_t size = sizeof value;
  const int error = mallctl(name, &value, &size, nullptr, 0);
  ARCHESTRA_ASSERT(error == 0, "jemalloc knows its own figures");
  return value;
}

}  // namespace

HeapFigures read_heap() {
  // The figures are those of the last time that the epoch was set.
  std::uint64_t epoch = 1;
  std::size_t size = sizeof epoch;
  [[maybe_unused]] const int error = mallctl("epoch", &epoch, &size, &epoch, size);
  static const std::size_t page_bytes = figure("arenas.page");
  // Blocks in a thread's cache count as handed out, but nobody has them.
  const std::size_t cached = figure("stats.arenas." ARCHESTRA_ALL_ARENAS(MALLCTL_ARENAS_ALL) ".tcache_bytes");
  const std::size_t allocated = figure("stats.allocated");
  return {.used_bytes = allocated - std::min(allocated, cached),
          .held_bytes = figure("stats.resident"),
          .unused_bytes =
              page_bytes * figure("stats.arenas." ARCHESTRA_ALL_ARENAS(MALLCTL_ARENAS_ALL) ".pdirty")};
}

void purge_heap() {
  const int error =
      mallctl("arena." ARCHESTRA_ALL_ARENAS(MALLCTL_ARENAS_ALL) ".purge", nullptr, nullptr, nullptr, 0);
  ARCHESTRA_ASSERT(error == 0, "jemalloc purges its arenas");
}

std::string_view allocator_name() { return "jemalloc"; }

#undef ARCHESTRA_ALL_ARENAS
#undef ARCHESTRA_TEXT_OF

#endif

}  // namespace archestra::telemetry
