// Address space that is set aside for the small things which calls cannot do without, for where the system
// gives no more: under RLIMIT_AS or RLIMIT_DATA, or on a machine that promises no memory that it does not
// have. Large things, which are bodies, are refused there (BufferPool::try_take). No page of it is ever
// touched, so it is no part of resident memory and of no use against a limit on that, as a control group has
// it.
#pragma once

namespace archestra::base {

/// Sets it aside, and has `new` fall back on it from now on.
void set_memory_aside();
/// Lets go of a piece of it, for whoever has found no memory and tries again. False where nothing is left.
bool use_memory_aside();
/// Whether a piece had to be let go within the last second and cannot be had again.
bool memory_is_short();

/// While one lives, `new` on its thread does not fall back: for large things of a library that takes no for
/// an answer.
class WithoutMemoryAside {
 public:
  WithoutMemoryAside();
  WithoutMemoryAside(const WithoutMemoryAside&) = delete;
  ~WithoutMemoryAside();
  /// Whether anything was refused since.
  bool has_refused() const;
};

}  // namespace archestra::base
