// Recognises an event of a stream by one that was read before. Most events of a stream are the same text
// around a few new words and counts: where everything else is equal, byte for byte, a parser would find the
// same again, so nobody needs to ask it. One per response, with its scan.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace archestra::providers {

class EventShape {
 public:
  static constexpr std::size_t kGapsMax = 4;

  /// Remembers an event. `gaps`, in order, kGapsMax at most: where in it something begins that may be another
  /// in the next event: the text of a JSON string, given by its first quote, or a count, given by its first
  /// digit. Forgets the event before, also where this one cannot be kept: it is long, or a text or a count is
  /// written in a way that is left to the parser.
  void learn(std::string_view event, std::span<const std::size_t> gaps);
  void learn(std::string_view event, std::initializer_list<std::size_t> gaps) {
    learn(event, std::span<const std::size_t>(gaps.begin(), gaps.size()));
  }
  void forget() { count_ = 0; }

  /// What stands in the gaps of an event: the counts, in the places of their gaps.
  using Counts = std::array<std::uint64_t, kGapsMax>;

  /// Whether `event` is the remembered one with other texts in its gaps, none of them empty, other counts,
  /// and with more or fewer spaces before its last brace: some providers pad events there, so that their size
  /// tells nothing. Such a text is valid in JSON and UTF-8. False negatives are normal, false positives do
  /// not occur. What is in `counts` means something only where the answer is true.
  bool matches(std::string_view event, Counts& counts) const;
  bool matches(std::string_view event) const {
    Counts counts;
    return matches(event, counts);
  }

 private:
  static constexpr std::size_t kEventBytesMax = 4096;

  struct Gap {
    std::size_t at = 0;  // in literals_
    bool is_text = true;
  };

  std::string literals_;  // the event without what is in its gaps and the padding
  std::array<Gap, kGapsMax> gaps_{};
  std::size_t count_ = 0;  // of gaps; 0: nothing is remembered
  std::size_t brace_ = 0;  // where in literals_ the brace behind the padding is, else its end
};

}  // namespace archestra::providers
