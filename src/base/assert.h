// Beliefs about our own code. They stay on in release builds; input never reaches one
// (bad input gets a base::Error).
#pragma once

namespace archestra::base {

/// Prints where and why, then aborts. Any thread.
[[noreturn]] void assertion_failed(const char* condition, const char* why, const char* file, int line);

}  // namespace archestra::base

#define ARCHESTRA_ASSERT(condition, why)                                        \
  do {                                                                          \
    if (!(condition)) [[unlikely]]                                              \
      ::archestra::base::assertion_failed(#condition, why, __FILE__, __LINE__); \
  } while (false)
