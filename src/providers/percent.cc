#include "providers/percent.h"

#include <charconv>

namespace archestra::providers {

std::string_view without_escapes(std::string_view text, std::string& scratch) {
  if (!text.contains('%')) return text;
  scratch.clear();
  while (!text.empty()) {
    unsigned char byte = 0;
    const char* const digits = text.data() + 1;
    if (text.size() > 2 && text.front() == '%' &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      scratch += static_cast<char>(byte);
      text.remove_prefix(3);
    } else {
      scratch += text.front();
      text.remove_prefix(1);
    }
  }
  return scratch;
}

}  // namespace archestra::providers
