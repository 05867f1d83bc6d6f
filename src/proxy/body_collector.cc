#include "proxy/body_collector.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace archestra::proxy {

void BodyCollector::add(std::string_view run) {
  if (too_large_ || run.empty()) return;
  if (size_ + view_.size() + run.size() > bytes_max_) {
    too_large_ = true;
    view_ = {};
    copy_.release();
    size_ = 0;
    return;
  }
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
  if (size_ + run.size() > copy_.size()) {
    base::Buffer larger = pool_.take(std::max(2 * copy_.size(), size_ + run.size()));
    if (size_ > 0) std::memcpy(larger.data(), copy_.data(), size_);
    copy_ = std::move(larger);
  }
  std::memcpy(copy_.data() + size_, run.data(), run.size());
  size_ += run.size();
}

std::string_view BodyCollector::whole() const {
  return view_.empty() ? std::string_view(copy_.data(), size_) : view_;
}

}  // namespace archestra::proxy
