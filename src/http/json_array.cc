#include "http/json_array.h"

#include <utility>

#include "base/assert.h"
#include "http/chars.h"

namespace archestra::http {
namespace {

bool is_json_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

JsonArrayReader::JsonArrayReader(std::size_t element_bytes_max) : element_bytes_max_(element_bytes_max) {}

void JsonArrayReader::feed(std::string_view bytes) {
  ARCHESTRA_ASSERT(pending_.empty(), "what was fed before has been looked at");
  pending_ = bytes;
}

std::optional<std::string_view> JsonArrayReader::next() {
  if (std::exchange(carry_given_out_, false)) carry_.clear();
  if (std::exchange(gap_given_out_, false)) gap_.clear();
  while (true) {
    if (!is_in_element()) skip_to_element();
    if (pending_.empty()) return std::nullopt;
    const std::string_view taken = pending_.substr(0, scan());
    pending_.remove_prefix(taken.size());
    oversized_ |= carry_.size() + taken.size() > element_bytes_max_;
    left_any_out_ |= oversized_;
    if (oversized_) carry_.clear();
    if (is_in_element()) {
      if (!oversized_) carry_.append(taken);
      continue;  // nothing is pending
    }
    if (std::exchange(oversized_, false)) continue;
    gap_given_out_ = true;
    if (carry_.empty()) return taken;
    carry_given_out_ = true;
    return carry_.append(taken);
  }
}

void JsonArrayReader::skip_to_element() {
  while (!pending_.empty() && at_ != At::kEnd) {
    const char c = pending_.front();
    const bool is_start = at_ == At::kStart;
    if (is_json_blank(c) || (c == ',' && !is_start)) {
      skip(1);
    } else if (is_start && c == '[') {
      at_ = At::kBetween;
      skip(1);
    } else if (is_start ? c != '{' : c == ']') {
      at_ = At::kEnd;
    } else {
      is_lone_object_ = is_start;
      at_ = c == '{' || c == '[' || c == '"' ? At::kNested : At::kScalar;
      return;
    }
  }
  if (at_ == At::kEnd) skip(pending_.size());
}

void JsonArrayReader::skip(std::size_t size) {
  const bool fits = gap_.size() + size <= element_bytes_max_;
  if (fits) gap_.append(pending_.substr(0, size));
  left_out_of_gap_ |= !fits;
  pending_.remove_prefix(size);
}

std::size_t JsonArrayReader::scan() {
  const char* at = pending_.data();
  const char* const end = at + pending_.size();
  while (at != end && is_in_element()) {
    switch (at_) {
      case At::kString:
        at = find_quote_or_escape(at, end);
        if (at == end) break;
        if (*at++ == '\\')
          at_ = At::kEscape;
        else
          close_value();
        break;
      case At::kEscape:
        ++at;
        at_ = At::kString;
        break;
      case At::kScalar:
        if (is_json_blank(*at) || *at == ',' || *at == ']')
          close_value();
        else
          ++at;
        break;
      default:  // kNested
        switch (*at++) {
          case '"':
            at_ = At::kString;
            break;
          case '{':
          case '[':
            ++depth_;
            break;
          case '}':
          case ']':
            --depth_;
            close_value();
            break;
          default:
            break;
        }
    }
  }
  return static_cast<std::size_t>(at - pending_.data());
}

// A value ends: that of the element, or one within it.
void JsonArrayReader::close_value() {
  if (depth_ > 0)
    at_ = At::kNested;
  else
    at_ = is_lone_object_ ? At::kEnd : At::kBetween;
}

}  // namespace archestra::http
