#include "app/signals.h"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace archestra::app {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int wait_for_stop(const std::function<void()>& on_hangup) {
  const sigset_t set = stop_signals();
  int number = 0;
  while (true) {
    sigwait(&set, &number);
    if (number != SIGHUP) break;
    on_hangup();
  }
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
  return number;
}

std::optional<int> wait_for_stop(base::Duration limit) {
  const sigset_t set = stop_signals();
  const auto deadline = base::monotonic_now() + limit;
  while (true) {
    const auto left = std::max<base::Duration>(deadline - base::monotonic_now(), base::Duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec wait{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    const int number = sigtimedwait(&set, nullptr, &wait);
    if (number == SIGTERM || number == SIGINT) return number;
    if (number < 0 && errno == EAGAIN) return std::nullopt;
  }
}

}  // namespace archestra::app
