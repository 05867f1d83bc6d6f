// Bytes that are written one after the other. Keeps its memory when cleared, so that a writer in steady use
// allocates nothing. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace archestra::telemetry {

/// Writes where the room is known to be there. Returns the end of what it wrote.
inline char* put_bytes(char* at, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

class ByteBuffer {
 public:
  std::string_view bytes() const { return {buffer_.data(), size_}; }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }
  /// Appends one or several texts.
  template <class... Texts>
  void append(const Texts&... texts) {
    (append_one(texts), ...);
  }

  // For those who know the size of what they write.

  /// Room for `bytes`, to be reported by written_to().
  char* room(std::size_t bytes) {
    if (buffer_.size() - size_ < bytes) [[unlikely]]
      buffer_.resize(std::max({kFirstBytes, 2 * buffer_.size(), size_ + bytes}));
    return buffer_.data() + size_;
  }
  /// What was written at `offset`.
  char* at(std::size_t offset) { return buffer_.data() + offset; }
  void written_to(const char* end) { size_ = static_cast<std::size_t>(end - buffer_.data()); }

 private:
  void append_one(std::string_view bytes) { written_to(put_bytes(room(bytes.size()), bytes)); }

  static constexpr std::size_t kFirstBytes = 4096;

  std::string buffer_;  // its size is the memory at hand; size_ of it is written
  std::size_t size_ = 0;
};

}  // namespace archestra::telemetry
