// Events of a stream that wait for a decision, in their order and as they came.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/buffer_pool.h"

namespace archestra::proxy {

class HeldEvents {
 public:
  /// Takes no more than `bytes_max`, nor beyond what the pool may lend to all, `memory_bytes_max`.
  HeldEvents(base::BufferPool& pool, std::size_t bytes_max, std::size_t memory_bytes_max)
      : pool_(pool), bytes_max_(bytes_max), memory_bytes_max_(memory_bytes_max) {}

  /// An event, and what stands in front of it, behind the one before. False, and nothing is taken, where
  /// there is no room for it.
  bool try_add(std::string_view gap, std::string_view event);
  bool empty() const { return events_.empty(); }
  /// All gaps and events in a row.
  std::string_view whole() const { return {bytes_.data(), size_}; }
  /// Calls `visit` with each event, without its gap.
  template <class Visit>
  void for_each(Visit visit) const {
    std::string_view rest = whole();
    for (const Sizes& sizes : events_) {
      visit(rest.substr(sizes.gap, sizes.event));
      rest.remove_prefix(sizes.gap + sizes.event);
    }
  }
  void clear();

 private:
  struct Sizes {
    std::size_t gap;
    std::size_t event;
  };
  bool make_room(std::size_t bytes);

  base::BufferPool& pool_;
  const std::size_t bytes_max_;
  const std::size_t memory_bytes_max_;
  base::Buffer bytes_;
  std::size_t size_ = 0;
  std::vector<Sizes> events_;
};

}  // namespace archestra::proxy
