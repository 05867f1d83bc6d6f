#include "base/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>

namespace archestra::base {

std::size_t utf8_sequence_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned b = byte(0);
  if (b < 0x80) return 1;
  if (b >= 0xc2 && b <= 0xdf) return continues(1) ? 2 : 0;
  if (b >= 0xe0 && b <= 0xef) {
    const unsigned low = b == 0xe0 ? 0xa0 : 0x80;   // no overlong forms
    const unsigned high = b == 0xed ? 0x9f : 0xbf;  // no surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (b >= 0xf0 && b <= 0xf4) {
    const unsigned low = b == 0xf0 ? 0x90 : 0x80;
    const unsigned high = b == 0xf4 ? 0x8f : 0xbf;  // up to U+10FFFF
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

/// The high bit of some byte, where one of them is 0.
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - kOnes) & ~word & kHighBits; }

bool is_plain(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0x20 && u < 0x80 && c != '"' && c != '\\';
}

}  // namespace

std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t special = (word | ((word - kOnes * 0x20) & ~word)) & kHighBits;
    if ((special | zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\'))) != 0) break;
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t plain = plain_prefix(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text[0]);
    std::size_t consumed = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[0];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else if (const std::size_t length = utf8_sequence_length(text)) {
      out.append(text.substr(0, length));
      consumed = length;
    } else {
      out += "\xef\xbf\xbd";
    }
    text.remove_prefix(consumed);
  }
  out += '"';
}

// By hand: each call's log line has one, and gmtime_r with fmt is a third of the whole line's cost.
void append_iso_time(std::string& out, WallTime time) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(micros);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(micros - day);
  std::array<char, 27> text;
  char* at = text.data();
  const auto put = [&at](std::int64_t number, int digits, char after) {
    for (int i = digits - 1; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
    at += digits;
    *at++ = after;
  };
  put(static_cast<int>(date.year()), 4, '-');
  put(static_cast<unsigned>(date.month()), 2, '-');
  put(static_cast<unsigned>(date.day()), 2, 'T');
  put(clock.hours().count(), 2, ':');
  put(clock.minutes().count(), 2, ':');
  put(clock.seconds().count(), 2, '.');
  put(clock.subseconds().count(), 6, 'Z');
  out.append(text.data(), text.size());
}

namespace {

// The UTF-16 unit of the escape that `text` begins with; nothing where that is no \u.
std::optional<unsigned> escaped_unit(std::string_view text) {
  constexpr std::size_t kEscapeBytes = 6;
  if (text.size() < kEscapeBytes || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  unsigned unit = 0;
  const char* const end = text.data() + kEscapeBytes;
  const auto read = std::from_chars(text.data() + 2, end, unit, 16);
  return read.ptr == end && text[2] != '-' ? std::optional(unit) : std::nullopt;
}

bool is_high_half(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_half(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

}  // namespace

std::string_view with_whole_characters(std::string_view text, std::string& scratch) {
  constexpr std::string_view kReplacement = "\\ufffd";
  bool is_copied = false;
  std::size_t at = text.find('\\');
  while (at != std::string_view::npos) {
    const auto unit = escaped_unit(text.substr(at));
    std::size_t size = unit ? kReplacement.size() : 2;
    if (unit && is_high_half(*unit)) {
      const auto next = escaped_unit(text.substr(at + size));
      if (next && is_low_half(*next)) size += kReplacement.size();
    }
    if (unit && size == kReplacement.size() && (is_high_half(*unit) || is_low_half(*unit))) {
      if (!is_copied) scratch = text;
      is_copied = true;
      scratch.replace(at, size, kReplacement);
    }
    at = text.find('\\', std::min(at + size, text.size()));
  }
  return is_copied ? std::string_view(scratch) : text;
}

}  // namespace archestra::base
