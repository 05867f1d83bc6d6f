#include "providers/json_view.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/memory_reserve.h"

namespace archestra::providers::json {
namespace {

constexpr std::size_t kKeptBytesMax = std::size_t{1} << 20;

// Whether simdjson finds the text to be one JSON value.
bool is_valid(std::string_view text, std::size_t slack) {
  if (text.empty()) return false;
  thread_local simdjson::dom::parser parser;
  // What a large text took, some six times its size, is not kept for ever.
  if (parser.capacity() > kKeptBytesMax) parser = simdjson::dom::parser();
  const base::WithoutMemoryAside without;
  const bool must_copy = slack < simdjson::SIMDJSON_PADDING;
  const auto document = parser.parse(text.data(), text.size(), must_copy);
  return !document.error() && !without.has_refused();
}

constexpr std::string_view kSpaces = " \t\r\n";

std::string_view without_spaces_before(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text;
}

// All that follows reads text that is known to be JSON: what would have to be checked has been.

// How long the string at the start of `text` is, with its quotes. Looks for quotes alone, because that is
// what the library does fast: most of a long text is strings.
std::size_t string_size(std::string_view text) {
  std::size_t at = 1;
  while (true) {
    at = text.find('"', at);
    ARCHESTRA_ASSERT(at != std::string_view::npos, "a string in JSON ends");
    std::size_t backslashes = 0;
    while (text[at - 1 - backslashes] == '\\') ++backslashes;
    ++at;
    if (backslashes % 2 == 0) return at;
  }
}

bool is_quote_or_bracket(char c) { return c == '"' || c == '{' || c == '}' || c == '[' || c == ']'; }

// How long the value at the start of `text` is.
std::size_t value_size(std::string_view text) {
  if (text.front() == '"') return string_size(text);
  if (text.front() != '{' && text.front() != '[')
    return std::min(text.find_first_of(",]} \t\r\n"), text.size());
  std::size_t depth = 0;
  std::size_t at = 0;
  while (true) {
    while (at < text.size() && !is_quote_or_bracket(text[at])) ++at;
    ARCHESTRA_ASSERT(at < text.size(), "brackets in JSON are closed");
    if (text[at] == '"') {
      at += string_size(text.substr(at));
      continue;
    }
    const bool opens = text[at] == '{' || text[at] == '[';
    ++at;
    if (opens) {
      ++depth;
    } else if (--depth == 0) {
      return at;
    }
  }
}

std::uint32_t hex_digits(std::string_view four) {
  std::uint32_t number = 0;
  std::from_chars(four.begin(), four.begin() + 4, number, 16);
  return number;
}

void append_utf8(std::string& out, std::uint32_t character) {
  const auto byte = [&out](std::uint32_t bits) { out += static_cast<char>(bits); };
  const auto tail = [&](unsigned shift) { byte(0x80 | ((character >> shift) & 0x3F)); };
  if (character < 0x80) return byte(character);
  if (character < 0x800) {
    byte(0xC0 | (character >> 6));
  } else if (character < 0x10000) {
    byte(0xE0 | (character >> 12));
    tail(6);
  } else {
    byte(0xF0 | (character >> 18));
    tail(12);
    tail(6);
  }
  tail(0);
}

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Appends what the escape at the start of `text`, behind its backslash, means; how long it is, or 0 for half
// of a character.
std::size_t append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kLetters = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  if (text.front() != 'u') {
    const std::size_t letter = kLetters.find(text.front());
    out += letter == std::string_view::npos ? text.front() : kMeanings[letter];
    return 1;
  }
  const std::uint32_t unit = hex_digits(text.substr(1));
  if (is_low_surrogate(unit)) return 0;
  if (!is_high_surrogate(unit)) {
    append_utf8(out, unit);
    return 5;
  }
  if (!text.substr(5).starts_with("\\u")) return 0;
  const std::uint32_t low = hex_digits(text.substr(7));
  if (!is_low_surrogate(low)) return 0;
  append_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
  return 11;
}

std::string_view inside(std::string_view raw) { return raw.substr(1, raw.size() - 2); }

}  // namespace

std::optional<View> View::parse(std::string_view text, std::size_t slack) {
  if (!is_valid(text, slack)) return std::nullopt;
  return at_front_of(without_spaces_before(text));
}

View View::at_front_of(std::string_view text) { return View(text.substr(0, value_size(text))); }

View::Kind View::kind() const {
  switch (raw_.front()) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
    case 'f':
      return Kind::kBool;
    case 'n':
      return Kind::kNull;
    default:
      return Kind::kNumber;
  }
}

std::optional<std::string> View::as_string() const {
  if (!is(Kind::kString)) return std::nullopt;
  std::string text;
  std::string_view rest = inside(raw_);
  text.reserve(rest.size());
  while (true) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    text.append(rest.substr(0, plain));
    if (plain == rest.size()) return text;
    const std::size_t size = append_escaped(text, rest.substr(plain + 1));
    if (size == 0) return std::nullopt;
    rest.remove_prefix(plain + 1 + size);
  }
}

std::string View::text_up_to(std::size_t bytes_max) const {
  std::string text;
  if (!is(Kind::kString)) return text;
  std::string_view rest = inside(raw_);
  while (!rest.empty() && text.size() < bytes_max) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    if (plain > bytes_max - text.size()) {
      text.append(rest.substr(0, bytes_max - text.size() + 1));
      break;
    }
    text.append(rest.substr(0, plain));
    if (plain == rest.size()) break;
    const std::size_t size = append_escaped(text, rest.substr(plain + 1));
    if (size == 0) return {};
    rest.remove_prefix(plain + 1 + size);
  }
  // One byte too many tells whether the last character is whole.
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  text.resize(bytes_max);
  return text;
}

bool View::is_string(std::string_view text) const {
  if (!is(Kind::kString)) return false;
  const std::string_view written = inside(raw_);
  if (!written.contains('\\')) return written == text;
  return as_string() == text;
}

std::optional<std::uint64_t> View::as_count() const {
  std::uint64_t number = 0;
  const auto read = std::from_chars(raw_.begin(), raw_.end(), number);
  if (read.ec != std::errc() || read.ptr != raw_.end()) return std::nullopt;
  return number;
}

View::Members View::members() const {
  return Members(is(Kind::kObject) ? without_spaces_before(inside(raw_)) : std::string_view());
}
View::Elements View::elements() const {
  return Elements(is(Kind::kArray) ? without_spaces_before(inside(raw_)) : std::string_view());
}

namespace {

// Behind a value, and the comma that may follow it: the next item, or "".
std::string_view behind(std::string_view text, std::string_view value) {
  text = without_spaces_before(text.substr(static_cast<std::size_t>(value.end() - text.begin())));
  if (text.starts_with(',')) text.remove_prefix(1);
  return without_spaces_before(text);
}

}  // namespace

Member View::take_member(std::string_view& rest) {
  Member member;
  member.key = at_front_of(rest);
  const std::string_view from_colon = without_spaces_before(rest.substr(member.key.raw().size()));
  member.value = at_front_of(without_spaces_before(from_colon.substr(1)));
  rest = behind(rest, member.value.raw());
  return member;
}

View View::take_element(std::string_view& rest) {
  const View element = at_front_of(rest);
  rest = behind(rest, element.raw());
  return element;
}

bool View::pick(std::initializer_list<Wanted> wanted) const {
  std::uint64_t seen = 0;
  ARCHESTRA_ASSERT(wanted.size() <= 64, "no object is asked for so much");
  for (const Member& member : members()) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!member.is(wanted.begin()[i].name)) continue;
      const std::uint64_t bit = std::uint64_t{1} << i;
      if ((seen & bit) != 0) return false;
      seen |= bit;
      *wanted.begin()[i].value = member.value;
    }
  }
  return true;
}

}  // namespace archestra::providers::json
