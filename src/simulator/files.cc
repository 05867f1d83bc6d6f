#include "simulator/files.h"

#include <algorithm>
#include <utility>

namespace archestra::simulator {

const StoredFile& Files::add(StoredFile file) {
  bytes_ += file.content.size();
  files_.push_back(std::move(file));
  while (files_.size() > kFilesMax || (bytes_ > kBytesMax && files_.size() > 1)) {
    bytes_ -= files_.front().content.size();
    files_.pop_front();
  }
  return files_.back();
}

const StoredFile* Files::find(std::string_view id) const {
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const auto& f) { return f.id == id; });
  return found == files_.end() ? nullptr : &*found;
}

bool Files::remove(std::string_view id) {
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const auto& f) { return f.id == id; });
  if (found == files_.end()) return false;
  bytes_ -= found->content.size();
  files_.erase(found);
  return true;
}

}  // namespace archestra::simulator
