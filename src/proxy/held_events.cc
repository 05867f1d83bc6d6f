#include "proxy/held_events.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace archestra::proxy {
namespace {

// What is kept of an event beside its bytes counts too: there may be many without any.
constexpr std::size_t kOverhead = 2 * sizeof(std::size_t);

}  // namespace

bool HeldEvents::try_add(std::string_view gap, std::string_view event) {
  const std::size_t bytes = gap.size() + event.size();
  if (size_ + bytes + (events_.size() + 1) * kOverhead > bytes_max_ || !make_room(size_ + bytes))
    return false;
  for (const std::string_view piece : {gap, event}) {
    if (piece.empty()) continue;
    std::memcpy(bytes_.data() + size_, piece.data(), piece.size());
    size_ += piece.size();
  }
  events_.push_back({gap.size(), event.size()});
  return true;
}

bool HeldEvents::make_room(std::size_t bytes) {
  if (bytes <= bytes_.size()) return true;
  const std::size_t want = std::max(2 * bytes_.size(), bytes);
  if (pool_.bytes_in_use() + want > memory_bytes_max_) return false;
  base::Buffer larger = pool_.try_take(want);
  if (!larger) return false;
  if (size_ > 0) std::memcpy(larger.data(), bytes_.data(), size_);
  bytes_ = std::move(larger);
  return true;
}

void HeldEvents::clear() {
  bytes_.release();
  size_ = 0;
  events_.clear();
}

}  // namespace archestra::proxy
