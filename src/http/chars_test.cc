#include "http/chars.h"

#include <gtest/gtest.h>

#include <string>

namespace archestra::http {
namespace {

// Each byte at each place of a text that has blocks and a rest.
template <class Belongs>
void expect_found(const char* (*find)(const char*, const char*), std::string_view filling, Belongs belongs) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < filling.size(); ++at) {
      std::string text(filling);
      text[at] = static_cast<char>(byte);
      const char* const end = text.data() + text.size();
      EXPECT_EQ(find(text.data(), end) - text.data(),
                static_cast<std::ptrdiff_t>(belongs(text[at]) ? at : text.size()))
          << "byte " << byte << " at " << at;
    }
  }
}

TEST(Chars, AreFoundAtAnyPlace) {
  expect_found(find_token_end, "x-Ratelimit_Limit-9!tokens~", [](char c) { return !is_token_char(c); });
  expect_found(find_control, "gzip, \tidentity;q=0.5 \xc3\xa4", is_control);
  expect_found(find_line_end, "data: {\"id\":\"a\",\"b\":\t[]} \x7f",
               [](char c) { return c == '\r' || c == '\n'; });
  expect_found(find_quote_or_escape, "It said: {id: [a], 'b'}.\n",
               [](char c) { return c == '"' || c == '\\'; });
}

}  // namespace
}  // namespace archestra::http
