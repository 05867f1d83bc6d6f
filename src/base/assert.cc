#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace archestra::base {

void assertion_failed(const char* condition, const char* why, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken belief: %s (%s)\n", file, line, why, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace archestra::base
