#include "telemetry/text.h"

#include <cstdint>
#include <cstring>

#include "base/json_text.h"

namespace archestra::telemetry {
namespace {

std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080ULL) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

/// The length of the longest valid prefix.
std::size_t valid_prefix(std::string_view text) {
  std::size_t at = ascii_prefix(text);
  while (at < text.size()) {
    const std::size_t length = base::utf8_sequence_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

}  // namespace

std::string_view as_valid_utf8(std::string_view text, std::string& scratch) {
  std::size_t valid = valid_prefix(text);
  if (valid == text.size()) [[likely]]
    return text;
  scratch.clear();
  while (true) {
    scratch.append(text.substr(0, valid));
    if (valid == text.size()) return scratch;
    scratch.append("\xef\xbf\xbd");
    text.remove_prefix(valid + 1);
    valid = valid_prefix(text);
  }
}

}  // namespace archestra::telemetry
