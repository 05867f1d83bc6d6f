// Lists in the answers of the platform API. Pure.
#pragma once

#include <string>

namespace archestra::api {

/// `[a,b,...]`, each item written by `append(out, item)`.
template <class Items, class Append>
void append_list(std::string& out, const Items& items, Append append) {
  out += '[';
  for (const auto& item : items) {
    if (out.back() != '[') out += ',';
    append(out, item);
  }
  out += ']';
}

}  // namespace archestra::api
