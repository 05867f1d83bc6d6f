// Texts as the reader of JSON gets them: in a buffer, with readable bytes behind them that are not theirs.
#pragma once

#include <string>
#include <string_view>

#include "base/buffer_pool.h"

namespace archestra::fuzz {

constexpr std::size_t kSlack = base::BufferPool::kSlack;
constexpr std::string_view kBehind = " },\"0]";  // what may lie behind a text and change its end

/// `text` in a block of its own, with `kSlack` times `behind` after it.
inline std::string with_slack(std::string_view text, char behind) {
  return std::string(text) + std::string(kSlack, behind);
}

}  // namespace archestra::fuzz
