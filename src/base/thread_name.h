// Names for threads, as top -H, perf and debuggers show them.
#pragma once

#include <string>

namespace archestra::base {

/// Names the calling thread; the kernel keeps 15 characters.
void name_this_thread(const std::string& name);

}  // namespace archestra::base
