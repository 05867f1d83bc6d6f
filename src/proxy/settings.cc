#include "proxy/settings.h"

#include "base/assert.h"

namespace archestra::proxy {

const Target& Settings::target_of(const providers::Provider& provider) const {
  for (const Target& target : targets)
    if (target.provider == &provider) return target;
  ARCHESTRA_ASSERT(false, "every provider has a target");
}

}  // namespace archestra::proxy
