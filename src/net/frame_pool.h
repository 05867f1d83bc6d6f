// Where coroutine frames come from: LIFO free lists per thread, in steps of 64 bytes. A request makes
// about ten frames; without the lists each would cost a malloc. Frames are freed on the thread that
// made them, because a shard's coroutines never leave it.
#pragma once

#include <cstddef>

namespace archestra::net {

/// Memory for a coroutine frame. Frames over 4 KiB come from the heap, and at most 1 MiB of
/// free ones is kept. Under sanitizers all do, so
/// that a use after free is seen.
void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes) noexcept;

}  // namespace archestra::net
