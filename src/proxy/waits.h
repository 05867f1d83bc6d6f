// What an exchange did not do itself.
#pragma once

#include "base/clock.h"

namespace archestra::proxy {

/// Time an exchange spent waiting for either side; the rest is the gateway's own.
struct Waits {
  base::Duration upstream{};
  base::Duration client{};
};

}  // namespace archestra::proxy
