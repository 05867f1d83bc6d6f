// For tests of parsers: the same bytes, cut in every way that has ever mattered.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace archestra::http {

using Pieces = std::vector<std::string_view>;

/// Calls `replay` with the bytes whole, one at a time, and cut in two at every offset.
template <class Replay>
void for_each_split(std::string_view bytes, Replay replay) {
  replay(Pieces{bytes});
  Pieces single;
  for (std::size_t i = 0; i < bytes.size(); ++i) single.push_back(bytes.substr(i, 1));
  replay(single);
  for (std::size_t i = 1; i < bytes.size(); ++i) replay(Pieces{bytes.substr(0, i), bytes.substr(i)});
}

/// A copy in a block of exactly its size, so that AddressSanitizer sees a read beyond it.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view bytes) : data_(new char[bytes.size()]), size_(bytes.size()) {
    bytes.copy(data_.get(), size_);
  }
  std::string_view view() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_;
};

}  // namespace archestra::http
