#include "base/logfmt.h"

#include <algorithm>

#include "base/json_text.h"

namespace archestra::base {
namespace {

// Beyond ASCII too: what is no valid UTF-8 is replaced where texts are quoted.
bool is_bare(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\'; }

}  // namespace

void append_logfmt_text(std::string& out, std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_bare))
    out += text;
  else
    append_json_string(out, text);
}

void append_logfmt_key(std::string& out, std::string_view key) {
  const auto ends_key = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7f || c == '"' || c == '=';
  };
  for (const char c : key) out += ends_key(c) ? '_' : c;
}

}  // namespace archestra::base
