#include "net/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "base/ids.h"

namespace archestra::net {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

const base::MonotonicTime kStart{std::chrono::seconds(1000)};

struct Counted {
  Timer timer{[](void* self) { ++static_cast<Counted*>(self)->fired; }, this};
  int fired = 0;
};

TEST(TimerWheel, NeverFiresEarly) {
  TimerWheel wheel(kStart);
  Counted counted;
  wheel.arm(counted.timer, kStart + microseconds(1500));
  wheel.advance(kStart + microseconds(1999));
  EXPECT_EQ(counted.fired, 0);
  wheel.advance(kStart + milliseconds(2));
  EXPECT_EQ(counted.fired, 1);
  EXPECT_EQ(wheel.armed().value(), 0);
}

TEST(TimerWheel, CancelAndDestructionDisarm) {
  TimerWheel wheel(kStart);
  Counted kept;
  wheel.arm(kept.timer, kStart + milliseconds(5));
  kept.timer.cancel();
  {
    Counted dies;
    wheel.arm(dies.timer, kStart + milliseconds(5));
    EXPECT_EQ(wheel.armed().value(), 1);
  }
  EXPECT_EQ(wheel.armed().value(), 0);
  wheel.advance(kStart + milliseconds(10));
  EXPECT_EQ(kept.fired, 0);
  EXPECT_EQ(wheel.next_wake(), base::kNever);
}

// Against a plain ordered map: random deadlines over all levels, random steps, and the loop's own way
// of stepping (to next_wake).
TEST(TimerWheel, AgreesWithAnOrderedMap) {
  base::Random random(3);
  for (int round = 0; round < 20; ++round) {
    TimerWheel wheel(kStart);
    std::vector<std::unique_ptr<Counted>> timers;
    std::multimap<base::MonotonicTime, Counted*> expected;
    base::MonotonicTime now = kStart;
    for (int step = 0; step < 2000; ++step) {
      const int magnitude = static_cast<int>(random.below(8));
      const auto delay = microseconds(random.below(std::uint64_t{300} << (4 * magnitude)));
      auto& counted = timers.emplace_back(std::make_unique<Counted>());
      wheel.arm(counted->timer, now + delay);
      expected.emplace(now + delay, counted.get());
      if (random.below(3) == 0) {
        now = std::max(now, std::min(wheel.next_wake(), now + hours(20)));
      } else {
        now += microseconds(random.below(std::uint64_t{400} << (4 * random.below(6))));
      }
      wheel.advance(now);
      for (auto it = expected.begin(); it != expected.end();) {
        if (it->first > now) {
          ASSERT_EQ(it->second->fired, 0) << "early";
          break;
        }
        if (it->first + milliseconds(1) <= now) {
          ASSERT_EQ(it->second->fired, 1) << "more than a tick late";
        }
        it = it->second->fired == 1 ? expected.erase(it) : std::next(it);
      }
      if (!expected.empty() && wheel.armed().value() > 0) {
        ASSERT_LE(wheel.next_wake(), expected.begin()->first + milliseconds(1));
      }
    }
  }
}

}  // namespace
}  // namespace archestra::net
