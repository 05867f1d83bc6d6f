#include "policy/tool_name.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/assert.h"
#include "base/json_text.h"
#include "base/memory_reserve.h"
#include "base/text.h"

namespace archestra::policy {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

std::string as_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = base::utf8_sequence_length(text);
    out.append(length != 0 ? text.substr(0, length) : kReplacement);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

// What NFKC does not turn into a blank already.
constexpr std::array<std::string_view, 4> kOtherWhiteSpace{"\u0085", "\u1680", "\u2028", "\u2029"};

bool is_blank(char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; }

std::string_view without_white_space_around(std::string_view text) {
  for (bool goes_on = true; goes_on;) {
    const std::size_t before = text.size();
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    for (const std::string_view space : kOtherWhiteSpace) {
      if (text.starts_with(space)) text.remove_prefix(space.size());
      if (text.ends_with(space)) text.remove_suffix(space.size());
    }
    goes_on = text.size() < before;
  }
  return text;
}

// Of a folded text. A name of nothing but a prefix stays.
std::string_view bare(std::string_view text) {
  constexpr std::string_view kPrefix = "default_api";
  for (text = without_white_space_around(text);;) {
    if (!text.starts_with(kPrefix) || text.size() == kPrefix.size()) return text;
    const char after = text[kPrefix.size()];
    const std::string_view rest = without_white_space_around(text.substr(kPrefix.size() + 1));
    if ((after != '.' && after != ':') || rest.empty()) return text;
    text = rest;
  }
}

std::string case_folded(std::string_view name) {
  if (std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return base::lower_case(name);
  constexpr auto kNfkcCasefold = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  const std::string text = as_utf8(name);
  utf8proc_uint8_t* mapped = nullptr;
  utf8proc_ssize_t size = 0;
  do {
    size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                        static_cast<utf8proc_ssize_t>(text.size()), &mapped, kNfkcCasefold);
  } while (size == UTF8PROC_ERROR_NOMEM && base::use_memory_aside());
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  ARCHESTRA_ASSERT(size >= 0, "valid UTF-8 can be folded, where there is memory");
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)};
}

}  // namespace

std::string folded_name(std::string_view name) { return std::string(bare(case_folded(name))); }

}  // namespace archestra::policy
