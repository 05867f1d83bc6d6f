#include "providers/event_shape.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json_text.h"

namespace archestra::providers {
namespace {

// How many bytes at the start of `text` can stand within a JSON string and be no part of a \u, of which only
// some mean a character.
std::size_t text_prefix(std::string_view text) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  std::size_t at = 0;
  while (true) {
    at += base::plain_prefix(text.substr(at));
    const std::string_view rest = text.substr(at);
    if (rest.empty()) return at;
    if (rest[0] == '\\') {
      if (rest.size() < 2 || !kEscapes.contains(rest[1])) return at;
      at += 2;
    } else {
      const std::size_t length = base::utf8_sequence_length(rest);
      if (length < 2) return at;  // the closing quote, or what may not stand here
      at += length;
    }
  }
}

// How many bytes at the start of `text` are a count in JSON; 0 where it is left to the parser.
std::size_t count_prefix(std::string_view text, std::uint64_t& count) {
  constexpr std::size_t kDigitsMax = 18;  // none of these is too large
  std::size_t size = 0;
  count = 0;
  for (; size < text.size() && text[size] >= '0' && text[size] <= '9'; ++size) {
    if (size == kDigitsMax) return 0;
    count = count * 10 + static_cast<std::uint64_t>(text[size] - '0');
  }
  return size > 1 && text[0] == '0' ? 0 : size;
}

}  // namespace

void EventShape::learn(std::string_view event, std::span<const std::size_t> gaps) {
  ARCHESTRA_ASSERT(gaps.size() <= kGapsMax, "there is room for each gap");
  literals_.clear();
  count_ = 0;
  if (event.size() > kEventBytesMax) return;
  std::size_t from = 0;
  std::size_t count = 0;
  for (const std::size_t gap : gaps) {
    ARCHESTRA_ASSERT(gap >= from && gap < event.size(), "a gap is behind the last one");
    const bool is_text = event[gap] == '"';
    const std::size_t begin = gap + (is_text ? 1 : 0);
    literals_.append(event, from, begin - from);
    gaps_[count++] = {.at = literals_.size(), .is_text = is_text};
    const std::string_view rest = event.substr(begin);
    std::uint64_t number = 0;
    const std::size_t size = is_text ? text_prefix(rest) : count_prefix(rest, number);
    // What follows a count in JSON, unless it is none: a point or an exponent.
    constexpr std::string_view kBehindCounts = ",}] \n\r\t";
    from = begin + size;
    if (from == event.size()) return;
    if (is_text ? event[from] != '"' : size == 0 || !kBehindCounts.contains(event[from])) return;
  }
  const std::size_t behind_gaps = literals_.size();
  literals_.append(event, from);
  count_ = count;
  // A JSON object ends with this brace, so that the spaces before it are in no text.
  brace_ = literals_.rfind('}');
  if (brace_ == std::string::npos || brace_ < behind_gaps) {
    brace_ = literals_.size();
    return;
  }
  const std::size_t padding = std::max(behind_gaps, literals_.find_last_not_of(' ', brace_ - 1) + 1);
  literals_.erase(padding, brace_ - padding);
  brace_ = padding;
}

bool EventShape::matches(std::string_view event, Counts& counts) const {
  if (count_ == 0) return false;
  const std::string_view literals = literals_;
  std::size_t from = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::string_view before = literals.substr(from, gaps_[i].at - from);
    if (!event.starts_with(before)) return false;
    event.remove_prefix(before.size());
    const std::size_t size = gaps_[i].is_text ? text_prefix(event) : count_prefix(event, counts[i]);
    if (size == 0) return false;
    event.remove_prefix(size);
    from = gaps_[i].at;
  }
  const std::string_view before = literals.substr(from, brace_ - from);
  if (!event.starts_with(before)) return false;
  event.remove_prefix(before.size());
  const std::string_view rest = literals.substr(brace_);
  if (!rest.empty())
    while (event.starts_with(' ')) event.remove_prefix(1);
  return event == rest;
}

}  // namespace archestra::providers
