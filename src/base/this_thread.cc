#include "base/this_thread.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>

namespace archestra::base {

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  void* volatile first = std::malloc(1);  // volatile: else the compiler may do without it
  std::free(first);
}

// Linux has a nice value for each thread, see setpriority(2); 0 means the calling one.
void let_others_go_first() {
  constexpr int kNice = 10;
  ::setpriority(PRIO_PROCESS, 0, std::max(kNice, ::getpriority(PRIO_PROCESS, 0)));
}

}  // namespace archestra::base
