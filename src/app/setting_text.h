// Values as people write them: numbers, names, what may stand in a header. Private to this folder.
#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace archestra::app {

template <class Number>
std::optional<Number> number(std::string_view text, Number low, Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high))
    return std::nullopt;
  return value;
}

/// What goes into a header: what could end the line is refused.
inline bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// Of small letters, digits, "-" and "_".
inline bool is_plain_name(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

}  // namespace archestra::app
