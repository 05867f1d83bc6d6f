// A session as the store has it: nothing in it lets anybody in.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.h"

namespace archestra::store {

/// Sessions at a time. Whoever can begin one may begin many; beyond this the oldest ends.
inline constexpr std::size_t kSessionsMax = 1000;

struct Session {
  std::string hash;              ///< one that only who has the session can make
  std::string admin_token_mark;  ///< tells sessions of one admin token from those of another
  base::WallTime created;
  base::WallTime expires;
};

}  // namespace archestra::store
