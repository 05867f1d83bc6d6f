// The files that clients have uploaded: the last few, in memory. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace archestra::simulator {

struct StoredFile {
  std::string id;
  std::string name;
  std::string content_type;
  std::string purpose;
  std::string content;
  std::int64_t created_s = 0;
};

class Files {
 public:
  /// Keeps a file, and forgets the oldest ones where there are too many or too large ones.
  const StoredFile& add(StoredFile file);
  /// Null where there is none; valid until the next add or remove.
  const StoredFile* find(std::string_view id) const;
  bool remove(std::string_view id);
  const std::deque<StoredFile>& all() const { return files_; }

 private:
  static constexpr std::size_t kFilesMax = 100;
  static constexpr std::size_t kBytesMax = std::size_t{256} << 20;

  std::deque<StoredFile> files_;  // the oldest first
  std::size_t bytes_ = 0;
};

}  // namespace archestra::simulator
