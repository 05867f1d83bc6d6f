// Names for threads, as top -H, perf and debuggers show them.
#pragma once

#include <string>

namespace archestra::base {

/// Names the calling thread; the kernel keeps 15 characters. Also has the allocator make what it keeps for
/// each thread: where jemalloc has no memory for that later, at the thread's first `new`, it crashes.
void name_this_thread(const std::string& name);

}  // namespace archestra::base
