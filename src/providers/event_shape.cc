#include "providers/event_shape.h"

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

}  // namespace

void EventShape::learn(std::string_view event, std::initializer_list<std::size_t> gaps) {
  ARCHESTRA_ASSERT(gaps.size() <= kGapsMax, "there is room for each gap");
  literals_.clear();
  count_ = 0;
  if (event.size() > kEventBytesMax) return;
  std::size_t from = 0;
  std::size_t count = 0;
  for (const std::size_t quote : gaps) {
    ARCHESTRA_ASSERT(quote >= from && event[quote] == '"', "a gap is a string behind the last one");
    literals_.append(event, from, quote + 1 - from);
    gaps_[count++] = literals_.size();
    from = quote + 1 + text_prefix(event.substr(quote + 1));
    if (!event.substr(from).starts_with('"')) return;
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
  const std::size_t padding = literals_.find_last_not_of(' ', brace_ - 1) + 1;
  literals_.erase(padding, brace_ - padding);
  brace_ = padding;
}

bool EventShape::matches(std::string_view event) const {
  if (count_ == 0) return false;
  const std::string_view literals = literals_;
  std::size_t from = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const std::string_view before = literals.substr(from, gaps_[i] - from);
    if (!event.starts_with(before)) return false;
    event.remove_prefix(before.size());
    const std::size_t size = text_prefix(event);
    if (size == 0) return false;
    event.remove_prefix(size);
    from = gaps_[i];
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
