#include "proxy/body_collector.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace archestra::proxy {

void BodyCollector::add(std::string_view run) {
  if (too_large_ || run.empty()) return;
  if (size_ + view_.size() + run.size() > bytes_max_) return give_up();
  if (size_ == 0 && view_.empty()) {
    view_ = run;
    return;
  }
  release_view();
  append(run);
}

void BodyCollector::release_view() {
  if (!view_.empty()) append(std::exchange(view_, {}));
}

void BodyCollector::append(std::string_view run) {
  if (too_large_) return;
  if (size_ + run.size() > copy_.size()) {
    const std::size_t want = std::max(2 * copy_.size(), size_ + run.size());
    if (pool_.bytes_in_use() + want > memory_bytes_max_) return give_up();
    base::Buffer larger = pool_.try_take(want);
    if (!larger) return give_up();
    if (size_ > 0) std::memcpy(larger.data(), copy_.data(), size_);
    copy_ = std::move(larger);
  }
  std::memcpy(copy_.data() + size_, run.data(), run.size());
  size_ += run.size();
}

void BodyCollector::give_up() {
  too_large_ = true;
  view_ = {};
  size_ = 0;
  copy_.release();
}

std::string_view BodyCollector::whole() const {
  return view_.empty() ? std::string_view(copy_.data(), size_) : view_;
}

}  // namespace archestra::proxy
