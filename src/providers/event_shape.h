// Recognises an event of a stream by one that was read before. Most events of a stream are the same text
// around a few new words: where everything else is equal, byte for byte, a parser would find the same again,
// so nobody needs to ask it. One per response, with its scan.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace archestra::providers {

class EventShape {
 public:
  /// Remembers an event. `gaps`, in order: where in it the JSON strings begin, each at its first quote, whose
  /// text may be another in the next event. Forgets the event before, also where this one cannot be kept: it
  /// is long, or a text is written in a way that is left to the parser.
  void learn(std::string_view event, std::initializer_list<std::size_t> gaps);

  /// Whether `event` is the remembered one with other texts in its gaps, none of them empty, and with more or
  /// fewer spaces before its last brace: some providers pad events there, so that their size tells nothing.
  /// Such a text is valid in JSON and UTF-8. False negatives are normal, false positives do not occur.
  bool matches(std::string_view event) const;

 private:
  static constexpr std::size_t kEventBytesMax = 4096;
  static constexpr std::size_t kGapsMax = 2;

  std::string literals_;                      // the event without the texts in its gaps and the padding
  std::array<std::size_t, kGapsMax> gaps_{};  // where in literals_ a text was
  std::size_t count_ = 0;                     // of gaps; 0: nothing is remembered
  std::size_t brace_ = 0;  // where in literals_ the brace behind the padding is, else its end
};

}  // namespace archestra::providers
