// Keeps a copy of a response body for reading it whole, up to a bound. A body that came in one piece is not
// copied.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

#include "base/buffer_pool.h"

namespace archestra::proxy {

class BodyCollector {
 public:
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  /// Gives up beyond `bytes_max` bytes of body, where the pool holds `memory_bytes_max` for everyone, and
  /// where the system has no memory.
  BodyCollector(base::BufferPool& pool, std::size_t bytes_max, std::size_t memory_bytes_max = kNoLimit)
      : pool_(pool), bytes_max_(bytes_max), memory_bytes_max_(memory_bytes_max) {}

  /// `run` must lie in a pooled buffer. A first run is remembered, not copied, until release_view().
  void add(std::string_view run);
  /// The caller's bytes are about to go: copies what is still only remembered.
  void release_view();
  /// Everything that was added, with BufferPool::kSlack readable bytes behind it; "" where it was too much.
  std::string_view whole() const;
  /// Nothing that was added, or will be, is of any use.
  void give_up();

 private:
  void append(std::string_view run);

  base::BufferPool& pool_;
  const std::size_t bytes_max_;
  const std::size_t memory_bytes_max_;
  std::string_view view_;
  base::Buffer copy_;
  std::size_t size_ = 0;
  bool too_large_ = false;
};

}  // namespace archestra::proxy
