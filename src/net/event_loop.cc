#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/assert.h"

namespace archestra::net {
namespace {

constexpr int kEventsPerTurn = 256;
// What is level-triggered comes again and again.
constexpr int kMoreEventsMax = 1000;
// A loop that waited wakes for a timer within a millisecond or two.
constexpr base::Duration kTimerLatenessMax = std::chrono::milliseconds(10);

base::Result<void> control(int epoll_fd, int operation, int fd, std::uint32_t events, Watcher* watcher) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = watcher;
  if (epoll_ctl(epoll_fd, operation, fd, &event) != 0)
    return base::fail(base::error_from_errno(errno, "epoll_ctl"));
  return {};
}

}  // namespace

namespace {

// Loops are made at the start, where there may be too few descriptors: that is for main to tell.
int made(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

}  // namespace

EventLoop::EventLoop()
    : epoll_fd_(made(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_fd_(made(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
      now_(base::monotonic_now()),
      timers_(now_) {
  // A null watcher marks the loop's own wake-up.
  const auto watched = control(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, EPOLLIN, nullptr);
  ARCHESTRA_ASSERT(watched.has_value(), "the wake-up descriptor can be watched");
}

EventLoop::~EventLoop() {
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

void EventLoop::run() {
  stopped_ = false;
  while (!stopped_) turn(base::Duration::max());
}

int EventLoop::wait_milliseconds(base::Duration at_most) const {
  if (first_ready_ != nullptr) return 0;
  const base::MonotonicTime next = timers_.next_wake();
  if (next == base::kNever && at_most == base::Duration::max()) return -1;
  // From the time that it is, not from when the turn began: what ran since must not make timers late.
  const base::Duration to_timer = next == base::kNever ? base::Duration::max() : next - base::monotonic_now();
  const auto wait =
      std::clamp<base::Duration>(std::min(to_timer, at_most), base::Duration::zero(), std::chrono::hours(1));
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

void EventLoop::turn(base::Duration wait) {
  std::array<epoll_event, kEventsPerTurn> events;
  const auto mark = [&](int wait_ms) {
    const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerTurn, wait_ms);
    ARCHESTRA_ASSERT(count >= 0 || errno == EINTR, "epoll_wait works");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr)
        posted_seen_ = true;
      else
        static_cast<Watcher*>(event.data.ptr)->on_events(event.events);
    }
    return count;
  };
  int count = mark(wait_milliseconds(wait));
  now_ = base::monotonic_now();
  if (lag_sampler_ && (count > 0 || first_ready_ != nullptr)) lag_sampler_->note_work();
  // After a time in which the process was stopped epoll_wait was interrupted, or had given what there was
  // before, there may be more than one call of it gives, and deadlines have passed that were kept: no timer
  // fires before all that came is seen.
  const auto is_late = [&] { return now_ - timers_.next_wake() > kTimerLatenessMax; };
  const auto may_have_more = [&](int more) {
    return count < 0 || count == kEventsPerTurn || (more == 0 && is_late());
  };
  for (int more = 0; timers_.next_wake() <= now_ && may_have_more(more) && more < kMoreEventsMax; ++more)
    count = mark(0);
  timers_.advance(now_);
  if (posted_seen_) run_posted();
  run_ready();
}

void EventLoop::run_ready() {
  // What becomes ready while these run waits for the next turn, so that events are not starved.
  ++turn_;
  while (first_ready_ != nullptr && first_ready_->queued_in_turn_ != turn_) {
    Waiter& waiter = *first_ready_;
    unqueue(waiter);
    ready_waits_left_ = kReadyWaitsMax;
    if (waiter.callback != nullptr)
      waiter.callback(waiter);
    else
      waiter.resume_handle.resume();
  }
}

void EventLoop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = ::read(wake_fd_, &count, sizeof count);
  posted_seen_ = false;
  std::vector<std::move_only_function<void()>> work;
  {
    const std::scoped_lock lock(posted_mutex_);
    work.swap(posted_);
  }
  for (auto& item : work) {
    ready_waits_left_ = kReadyWaitsMax;
    item();
  }
}

void EventLoop::post(std::move_only_function<void()> work) {
  {
    const std::scoped_lock lock(posted_mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_fd_, &one, sizeof one);
}

base::Result<void> EventLoop::watch_edges(int fd, Watcher& watcher) {
  return control(epoll_fd_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &watcher);
}
base::Result<void> EventLoop::watch_level(int fd, std::uint32_t events, Watcher& watcher) {
  return control(epoll_fd_, EPOLL_CTL_ADD, fd, events, &watcher);
}
base::Result<void> EventLoop::change_level(int fd, std::uint32_t events, Watcher& watcher) {
  return control(epoll_fd_, EPOLL_CTL_MOD, fd, events, &watcher);
}
void EventLoop::unwatch(int fd) {
  // Fails only where the descriptor is not watched, which is what is wanted.
  [[maybe_unused]] const auto result = control(epoll_fd_, EPOLL_CTL_DEL, fd, 0, nullptr);
}

void EventLoop::queue(Waiter& waiter) {
  ARCHESTRA_ASSERT(!waiter.queued_, "a waiter is made ready once");
  waiter.queued_ = true;
  waiter.queued_in_turn_ = turn_;
  waiter.next_ready_ = nullptr;
  waiter.previous_ready_ = last_ready_;
  (last_ready_ != nullptr ? last_ready_->next_ready_ : first_ready_) = &waiter;
  last_ready_ = &waiter;
}

void EventLoop::unqueue(Waiter& waiter) {
  waiter.queued_ = false;
  (waiter.previous_ready_ != nullptr ? waiter.previous_ready_->next_ready_ : first_ready_) =
      waiter.next_ready_;
  (waiter.next_ready_ != nullptr ? waiter.next_ready_->previous_ready_ : last_ready_) =
      waiter.previous_ready_;
}

}  // namespace archestra::net
