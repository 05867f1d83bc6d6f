// A pair of connected in-memory streams for tests: the same interface as a socket, with a capacity,
// and with reads and writes that can be cut short, so that every split a network could make is tried.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "net/stream.h"

namespace archestra::net {

struct MemoryPipeOptions {
  std::size_t capacity = 64 * 1024;         ///< bytes in flight per direction
  std::size_t read_bytes_max = 64 * 1024;   ///< most that one read gives
  std::size_t write_bytes_max = 64 * 1024;  ///< most that one write takes
};

/// Two ends; what one writes the other reads. Both on `loop`'s thread.
std::pair<StreamPtr, StreamPtr> make_memory_pipe(EventLoop& loop, MemoryPipeOptions options = {});

}  // namespace archestra::net
