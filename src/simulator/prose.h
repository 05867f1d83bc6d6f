// Text for answers, made once from a seed: a long run of words from which an answer takes a part by one
// copy. Words hold what JSON and UTF-8 make awkward. Read-only once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace archestra::simulator {

class Prose {
 public:
  explicit Prose(std::uint64_t seed);

  /// Word number `index` (round and round), with a space in front, as the inside of a JSON string.
  std::string_view word(std::size_t index) const;
  /// Appends `count` words from number `first` on: the same as that many word() calls.
  void append_words(std::string& out, std::size_t first, std::size_t count) const;
  /// Appends whole words of together at most `bytes` bytes.
  void append_bytes(std::string& out, std::size_t first, std::size_t bytes) const;

 private:
  static constexpr std::size_t kWords = 4096;
  std::string text_;
  std::vector<std::size_t> starts_;  // kWords + 1 positions
};

}  // namespace archestra::simulator
