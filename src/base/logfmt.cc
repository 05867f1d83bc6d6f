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
  while (!key.empty()) {
    const char c = key[0];
    const bool ends_key = static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '"' || c == '=';
    const std::size_t length = ends_key ? 0 : utf8_sequence_length(key);  // none of what is no UTF-8 either
    if (length == 0)
      out += '_';
    else
      out += key.substr(0, length);
    key.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace archestra::base
