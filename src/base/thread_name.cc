#include "base/thread_name.h"

#include <pthread.h>

#include <cstdlib>

namespace archestra::base {

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  void* volatile first = std::malloc(1);  // volatile: else the compiler may do without it
  std::free(first);
}

}  // namespace archestra::base
