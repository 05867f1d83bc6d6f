#include "base/this_thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace archestra::base {
namespace {

/// struct sched_attr of linux/sched/types.h, first version, which glibc's headers do not go together with.
struct SchedulerAttributes {
  std::uint32_t size = sizeof(SchedulerAttributes);
  std::uint32_t policy = 0;  // SCHED_OTHER
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t slice_ns = 0;  // sched_runtime: what SCHED_OTHER makes of it
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};
static_assert(sizeof(SchedulerAttributes) == 48);

}  // namespace

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  void* volatile first = std::malloc(1);  // volatile: else the compiler may do without it
  std::free(first);
}

// Linux has a nice value for each thread, see setpriority(2); 0 means the calling one.
void let_others_go_first() {
  constexpr int kNice = 10;
  constexpr std::uint64_t kSliceNanos = 100'000;  // the least there is
  const int nice = std::max(kNice, ::getpriority(PRIO_PROCESS, 0));
  ::setpriority(PRIO_PROCESS, 0, nice);
  // A thread that runs is let run to the end of its slice, whoever wakes up.
  const SchedulerAttributes attributes{.nice = nice, .slice_ns = kSliceNanos};
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace archestra::base
