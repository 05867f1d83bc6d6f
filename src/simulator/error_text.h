// What a provider says by default with the status of an error: a table in each dialect.
#pragma once

#include <span>
#include <string_view>

namespace archestra::simulator {

struct ErrorText {
  int status;  ///< or 4 or 5: of all others of this class
  std::string_view kind;
  std::string_view message;
  std::string_view code = {};  ///< goes with this message; "" for none
};

/// The row of a status, or of its class, or the last one.
inline const ErrorText& error_text(std::span<const ErrorText> table, int status) {
  for (const int wanted : {status, status / 100})
    for (const ErrorText& text : table)
      if (text.status == wanted) return text;
  return table.back();
}

}  // namespace archestra::simulator
