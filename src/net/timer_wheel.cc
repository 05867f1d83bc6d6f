#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace archestra::net {

void TimerWheel::arm(Timer& timer, base::MonotonicTime deadline) {
  timer.cancel();
  if (deadline == base::kNever) return;
  timer.tick_ = std::max<std::uint64_t>(static_cast<std::uint64_t>(tick_of(deadline)), now_tick_ + 1);
  insert(timer);
  armed_.add(1);
}

// Rounded up: a timer may be late by a tick, never early.
std::int64_t TimerWheel::tick_of(base::MonotonicTime time) const {
  const auto since = std::max(time - start_, base::Duration::zero());
  return (since + kTick - base::Duration(1)) / kTick;
}

void TimerWheel::insert(Timer& timer) {
  const std::uint64_t distance = timer.tick_ - now_tick_;
  int level = 0;
  while (level < kLevels - 1 && distance >= (std::uint64_t{1} << (kBits * (level + 1)))) ++level;
  std::uint64_t tick = timer.tick_;
  // Beyond the last level's reach the timer waits in its farthest slot and is placed again from there.
  const std::uint64_t reach = std::uint64_t{1} << (kBits * kLevels);
  if (distance >= reach) tick = now_tick_ + reach - 1;
  const std::uint64_t slot = (tick >> (kBits * level)) & (kSlots - 1);
  Level& at = levels_[static_cast<std::size_t>(level)];
  timer.level_ = static_cast<std::uint8_t>(level);
  timer.slot_ = static_cast<std::uint8_t>(slot);
  timer.next_ = at.slots[slot];
  timer.previous_next_ = &at.slots[slot];
  if (timer.next_ != nullptr) timer.next_->previous_next_ = &timer.next_;
  at.slots[slot] = &timer;
  at.occupied |= std::uint64_t{1} << slot;
  timer.wheel_ = this;
}

void TimerWheel::remove(Timer& timer) {
  *timer.previous_next_ = timer.next_;
  if (timer.next_ != nullptr) timer.next_->previous_next_ = timer.previous_next_;
  Level& at = levels_[timer.level_];
  if (at.slots[timer.slot_] == nullptr) at.occupied &= ~(std::uint64_t{1} << timer.slot_);
  timer.wheel_ = nullptr;
  armed_.add(-1);
}

void TimerWheel::cascade(int level) {
  Level& at = levels_[static_cast<std::size_t>(level)];
  const std::uint64_t slot = (now_tick_ >> (kBits * level)) & (kSlots - 1);
  // The whole list is taken off first: a timer beyond the reach may go back into the same slot.
  Timer* list = at.slots[slot];
  if (list == nullptr) return;
  at.slots[slot] = nullptr;
  at.occupied &= ~(std::uint64_t{1} << slot);
  while (list != nullptr) {
    Timer* const timer = list;
    list = timer->next_;
    insert(*timer);
  }
}

void TimerWheel::advance(base::MonotonicTime now) {
  const auto target = static_cast<std::uint64_t>(std::max(now - start_, base::Duration::zero()) / kTick);
  while (now_tick_ < target) {
    if (armed_.value() == 0) {
      now_tick_ = target;
      return;
    }
    // Jump over the empty ticks of the lowest level, up to its next turn.
    if (levels_[0].occupied == 0) {
      const std::uint64_t turn = (now_tick_ | (kSlots - 1)) + 1;
      now_tick_ = std::min(turn, target);
    } else {
      ++now_tick_;
    }
    for (int level = 1; level < kLevels; ++level) {
      if ((now_tick_ & ((std::uint64_t{1} << (kBits * level)) - 1)) != 0) break;
      cascade(level);
    }
    Level& lowest = levels_[0];
    const std::uint64_t slot = now_tick_ & (kSlots - 1);
    while (Timer* const due = lowest.slots[slot]) {
      ARCHESTRA_ASSERT(due->tick_ <= now_tick_, "a timer fires in its own turn");
      remove(*due);
      due->on_fire_(due->owner_);
    }
  }
}

base::MonotonicTime TimerWheel::next_wake() const {
  if (armed_.value() == 0) return base::kNever;
  std::uint64_t best = ~std::uint64_t{0};
  for (int level = 0; level < kLevels; ++level) {
    const Level& at = levels_[static_cast<std::size_t>(level)];
    if (at.occupied == 0) continue;
    const int shift = kBits * level;
    const std::uint64_t current = now_tick_ >> shift;
    // Slots ahead of the current one, in order of time.
    const auto ahead = std::rotr(at.occupied, static_cast<int>((current + 1) & (kSlots - 1)));
    const auto steps = static_cast<std::uint64_t>(std::countr_zero(ahead)) + 1;
    best = std::min(best, (current + steps) << shift);
  }
  return start_ + kTick * static_cast<std::int64_t>(best);
}

}  // namespace archestra::net
