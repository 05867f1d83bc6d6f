// Character classes of RFC 9110 section 5.6 and the searches that every byte of a head or of a
// stream passes through. Private to this folder.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace archestra::http {

using CharTable = std::array<bool, 256>;

constexpr CharTable alphanumeric_and(std::string_view others) {
  CharTable table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c : others) table[static_cast<unsigned char>(c)] = true;
  return table;
}

inline constexpr CharTable kTokenChars = alphanumeric_and("!#$%&'*+-.^_`|~");

inline bool is_token_char(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// White space inside a line (OWS).
inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// What no field value may hold: controls but HTAB. CR and LF are among them.
inline bool is_control(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u < 0x20 && u != '\t') || u == 0x7f;
}

/// The first control character in [at, end), or end.
inline const char* find_control(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
    const __m128i bad =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(block, tab), low), _mm_cmpeq_epi8(block, del));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(bad));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at != end && !is_control(*at)) ++at;
  return at;
}

/// The first character in [at, end) that is none of a token, or end. Most names are letters, digits and "-_"
/// alone: blocks of those are passed over, the rest is looked up.
inline const char* find_token_end(const char* at, const char* end) {
#if defined(__SSE2__)
  const auto is_in = [](__m128i block, char low, char high) {
    const __m128i above_low = _mm_sub_epi8(block, _mm_set1_epi8(low));
    const __m128i range = _mm_set1_epi8(static_cast<char>(high - low));
    return _mm_cmpeq_epi8(_mm_min_epu8(above_low, range), above_low);
  };
  const auto is = [](__m128i block, char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); };
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i letter = is_in(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i mark = _mm_or_si128(is(block, '-'), is(block, '_'));
    const __m128i good = _mm_or_si128(_mm_or_si128(letter, is_in(block, '0', '9')), mark);
    const auto others = static_cast<unsigned>(_mm_movemask_epi8(good)) ^ 0xffffu;
    if (others == 0) continue;
    at += std::countr_zero(others);
    break;
  }
#endif
  while (at != end && is_token_char(*at)) ++at;
  return at;
}

/// The first `kOne` or `kOther` in [at, end), or end. One pass for both: two searches by memchr would look at
/// the rest of a read again for each hit of a stream that uses only one of them.
template <char kOne, char kOther>
const char* find_either(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i one = _mm_set1_epi8(kOne);
  const __m128i other = _mm_set1_epi8(kOther);
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(block, one), _mm_cmpeq_epi8(block, other));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hit));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at != end && *at != kOne && *at != kOther) ++at;
  return at;
}

/// The first CR or LF in [at, end), or end.
inline const char* find_line_end(const char* at, const char* end) { return find_either<'\n', '\r'>(at, end); }

/// Within a JSON string: its closing quote or the next escape, or end.
inline const char* find_quote_or_escape(const char* at, const char* end) {
  return find_either<'"', '\\'>(at, end);
}

}  // namespace archestra::http
