// Ways to cut an input, for fuzz targets whose result must not depend on the cut.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace archestra::fuzz {

/// The input in pieces, each in a block of exactly its size, so that a read beyond one is seen.
class Pieces {
 public:
  void add(std::string_view bytes) {
    blocks_.push_back(std::make_unique<char[]>(bytes.size()));
    bytes.copy(blocks_.back().get(), bytes.size());
    views_.emplace_back(blocks_.back().get(), bytes.size());
  }
  auto begin() const { return views_.begin(); }
  auto end() const { return views_.end(); }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::string_view> views_;
};

inline Pieces whole(std::string_view bytes) {
  Pieces pieces;
  pieces.add(bytes);
  return pieces;
}

/// Pieces of 1 to `size_max` bytes; 1 gives single bytes. The same input is always cut the same way, and
/// stays a plain example of the format.
inline Pieces cut(std::string_view bytes, std::size_t size_max) {
  std::uint64_t seed = 0xcbf29ce484222325;
  for (const char c : bytes) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  base::Random random(seed);
  Pieces pieces;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), 1 + random.below(size_max));
    pieces.add(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

}  // namespace archestra::fuzz
