// How late timers of a loop are: a timer that does nothing but look at the clock. While the loop has
// something to do it is armed every 10 ms. An idle loop has nothing that could be late, and is woken once a
// second; the first event then arms the timer again before it is handled, so that whatever holds up the loop
// from there is seen.
#pragma once

#include "base/clock.h"
#include "base/delay_histogram.h"
#include "net/timer_wheel.h"

namespace archestra::net {

/// On the thread of the timers.
class LagSampler {
 public:
  static constexpr base::Duration kBusyInterval = std::chrono::milliseconds(10);
  static constexpr base::Duration kIdleInterval = std::chrono::seconds(1);

  /// Both outlive it. `now` is the loop's time.
  LagSampler(TimerWheel& timers, base::DelayHistogram& lag, const base::MonotonicTime& now);
  LagSampler(const LagSampler&) = delete;
  LagSampler& operator=(const LagSampler&) = delete;

  /// The loop has something to do in the turn that began at `now`; called before that is done. A timer that
  /// is due already stays: how late it is says for how long the loop did not run.
  void note_work() {
    worked_ = true;
    if (idle_ && now_ < due_) arm(kBusyInterval);
  }

 private:
  void arm(base::Duration interval);
  static void on_due(void* self);

  TimerWheel& timers_;
  base::DelayHistogram& lag_;
  const base::MonotonicTime& now_;
  base::MonotonicTime due_;
  bool worked_ = false;  // since the timer was armed
  bool idle_ = true;     // armed for kIdleInterval
  Timer timer_;
};

}  // namespace archestra::net
