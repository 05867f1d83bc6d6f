// One thread's event loop over epoll: the only place that knows about epoll. Each turn has two passes:
// first every event and due timer only marks what is ready, then the ready ones run. So nothing that
// runs can destroy the target of an event that has not been looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/lag_sampler.h"
#include "net/loop_stats.h"
#include "net/readiness.h"
#include "net/timer_wheel.h"

namespace archestra::net {

/// Receives the events of one descriptor. Must outlive the turn in which the descriptor is closed.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// First pass: mark, wake; never resume a coroutine or destroy a watcher.
  virtual void on_events(std::uint32_t epoll_events) = 0;
};

class EventLoop {
 public:
  /// Throws std::system_error where the system has no descriptor for it.
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// Turns until stop() is called.
  void run();
  /// Ends run() after the current turn. This loop's thread only; from others: post it.
  void stop() { stopped_ = true; }
  /// One turn that waits at most `wait`. For tests and for draining.
  void turn(base::Duration wait);

  /// Runs `work` on this loop's thread soon. Any thread; the only thing here that is.
  void post(std::move_only_function<void()> work);

  /// The time at which this turn began. Good for deadlines; measure durations with monotonic_now().
  base::MonotonicTime now() const { return now_; }
  TimerWheel& timers() { return timers_; }
  const TimerWheel& timers() const { return timers_; }
  /// What lives on the loop counts itself here.
  LoopStats& stats() { return stats_; }
  const LoopStats& stats() const { return stats_; }
  /// From now on stats().lag is measured. This loop's thread, or before it runs.
  void measure_lag() { lag_sampler_.emplace(timers_, stats_.lag, now_); }

  /// Registers a descriptor edge-triggered for reading, writing and hang-up, once and for all; closing
  /// the descriptor ends it.
  base::Result<void> watch_edges(int fd, Watcher& watcher);
  /// Level-triggered, for listeners and foreign libraries. `events` are epoll's.
  base::Result<void> watch_level(int fd, std::uint32_t events, Watcher& watcher);
  base::Result<void> change_level(int fd, std::uint32_t events, Watcher& watcher);
  void unwatch(int fd);

  // For Waiter: the list of what runs in the second pass.
  void queue(Waiter& waiter);
  void unqueue(Waiter& waiter);
  /// Whether who runs now may go on with what is ready already, or has done so often enough in this turn.
  bool take_ready_wait() {
    if (ready_waits_left_ == 0) return false;
    --ready_waits_left_;
    return true;
  }

 private:
  // More than an ordinary call has; for a relay about half a megabyte.
  static constexpr std::uint32_t kReadyWaitsMax = 32;
  class WakeUp;
  void run_posted();
  void run_ready();
  int wait_milliseconds(base::Duration at_most) const;

  const int epoll_fd_;
  const int wake_fd_;
  bool stopped_ = false;
  std::uint32_t turn_ = 0;
  std::uint32_t ready_waits_left_ = kReadyWaitsMax;
  base::MonotonicTime now_;
  LoopStats stats_;
  TimerWheel timers_;
  std::optional<LagSampler> lag_sampler_;
  Waiter* first_ready_ = nullptr;
  Waiter* last_ready_ = nullptr;
  std::mutex posted_mutex_;  // guards posted_; taken by the loop only after wake_fd_ said so
  std::vector<std::move_only_function<void()>> posted_;
  bool posted_seen_ = false;
};

}  // namespace archestra::net
