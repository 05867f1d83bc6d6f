// Results of functions that can fail for reasons outside our control.
#pragma once

#include <expected>

#include "base/error.h"

namespace archestra::base {

template <class T>
using Result = std::expected<T, Error>;

/// `return base::fail(ErrorCode::kTimeout, "connect");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, const char* what, int detail = 0) {
  return std::unexpected(Error{code, what, detail});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(error); }

}  // namespace archestra::base
