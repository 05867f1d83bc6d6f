// What a thread says of itself to those outside: its name, and how urgent it is.
#pragma once

#include <string>

namespace archestra::base {

/// Names the calling thread, as top -H, perf and debuggers show it; the kernel keeps 15 characters. Also has
/// the allocator make what it keeps for each thread: where jemalloc has no memory for that later, at the
/// thread's first `new`, it crashes.
void name_this_thread(const std::string& name);

/// What the calling thread does can wait while others of this machine have work: where it shares a core, it
/// has a tenth of it (nice 10), and one that wakes up has the core within a tenth of a millisecond, as far as
/// the kernel can (Linux 6.12; before, a few). Never undone: that would take privileges.
void let_others_go_first();

}  // namespace archestra::base
