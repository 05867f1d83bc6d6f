#include "policy/tool_name.h"

#include <gtest/gtest.h>

#include <string>

namespace archestra::policy {
namespace {

TEST(FoldedName, NamesThatAreTheSame) {
  const std::string_view table[] = {
      "send_email",
      "SEND_Email",
      " send_email\n",
      "\t\r\n send_email\u00a0\u3000\u2003",
      "\u2028send_email\u0085\u1680 \u2029",
      "send\u200b_email",                                // zero width space
      "\ufeffsend_email",                                // byte order mark
      "send_\u00ademail",                                // soft hyphen
      "se\u2060nd_e\u200dmai\ufe0fl",                    // word joiner, joiner, variation selector
      "send_email\U000e0041",                            // tag
      "\uff53\uff45\uff4e\uff44_email",                  // full width
      "\u017fend_email",                                 // long s
      "send_ema\u2170l",                                 // Roman numeral one
      "\U0001d42c\U0001d41e\U0001d427\U0001d41d_email",  // mathematical bold
      "default_api.send_email",
      "default_api:send_email",
      " Default_API. send_email",
      "default_api:default_api.send_email",
      "\uff44efault_api\uff0esend_email",
  };
  for (const std::string_view name : table) EXPECT_EQ(folded_name(name), "send_email") << name;
}

TEST(FoldedName, WhatItIs) {
  const struct {
    std::string_view name;
    std::string_view folded;
  } table[] = {
      {"", ""},
      {" \u200b ", ""},
      {"send email", "send email"},
      {"send-email", "send-email"},
      {"Stra\u00dfe", "strasse"},
      {"STRASSE", "strasse"},
      {"e\u0301", "\u00e9"},                   // composed
      {"s\u0435nd", "s\u0435nd"},              // a Cyrillic letter: nobody takes it for the Latin one
      {"a\xff", "a\ufffd"},                    // no UTF-8
      {"\xff\xc0", "\ufffd\ufffd"},            // each byte by itself
      {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},  // a surrogate
      {"default_api", "default_api"},
      {"default_api.", "default_api."},
      {"default_api.default_api", "default_api"},
      {"default_apisend", "default_apisend"},
      {"my_default_api.send", "my_default_api.send"},
      {std::string_view("a\0b", 3), std::string_view("a\0b", 3)},
      {std::string_view("\0ab\x7f", 4), "ab"},
  };
  for (const auto& [name, folded] : table) {
    EXPECT_EQ(folded_name(name), folded) << name;
    EXPECT_EQ(folded_name(folded), folded) << name;
  }
}

}  // namespace
}  // namespace archestra::policy
