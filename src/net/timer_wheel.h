// Timers for every wait: arming and cancelling are a list insertion and a removal. A hierarchical
// wheel of 1 ms ticks, five levels of 64 slots (12 days; later deadlines wait in the last slot).
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/stats.h"

namespace archestra::net {

class TimerWheel;

/// A deadline and what to do when it passes. Lives in the object that waits; disarmed when it dies.
class Timer {
 public:
  using Callback = void (*)(void* owner);
  Timer(Callback on_fire, void* owner) : on_fire_(on_fire), owner_(owner) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  void cancel();
  bool armed() const { return wheel_ != nullptr; }

 private:
  friend class TimerWheel;
  const Callback on_fire_;
  void* const owner_;
  TimerWheel* wheel_ = nullptr;
  Timer* next_ = nullptr;
  Timer** previous_next_ = nullptr;
  std::uint64_t tick_ = 0;
  std::uint8_t level_ = 0;
  std::uint8_t slot_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(base::MonotonicTime start) : start_(start) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Fires at the first advance() at or after `deadline`, never before it. kNever arms nothing.
  void arm(Timer& timer, base::MonotonicTime deadline);
  /// Fires what is due. Callbacks may arm and cancel timers.
  void advance(base::MonotonicTime now);
  /// When advance() should be called next: no later than the next deadline; kNever without timers.
  base::MonotonicTime next_wake() const;
  /// How many timers are armed.
  const base::Gauge& armed() const { return armed_; }
  /// The first time at or after `time` at which a timer can fire.
  base::MonotonicTime tick_at(base::MonotonicTime time) const { return start_ + kTick * tick_of(time); }

 private:
  friend class Timer;
  static constexpr int kLevels = 5;
  static constexpr int kBits = 6;
  static constexpr std::uint64_t kSlots = 1U << kBits;
  static constexpr base::Duration kTick = std::chrono::milliseconds(1);

  struct Level {
    std::array<Timer*, kSlots> slots{};
    std::uint64_t occupied = 0;  // bit i: slots[i] is not empty
  };
  std::int64_t tick_of(base::MonotonicTime time) const;
  void insert(Timer& timer);
  void remove(Timer& timer);
  Timer* detach(int level, std::uint64_t slot);
  void cascade(int level);

  const base::MonotonicTime start_;
  std::array<Level, kLevels> levels_;
  std::uint64_t now_tick_ = 0;
  base::Gauge armed_;
};

inline void Timer::cancel() {
  if (wheel_ != nullptr) wheel_->remove(*this);
}

}  // namespace archestra::net
