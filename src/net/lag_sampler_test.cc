#include "net/lag_sampler.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "net/event_loop.h"

namespace archestra::net {
namespace {

using std::chrono::milliseconds;

std::vector<base::Duration> samples_of(const base::DelayHistogram& lag) {
  base::DelayHistogram::Counts counts{};
  lag.add_to(counts);
  std::vector<base::Duration> samples;
  for (std::size_t i = 0; i < counts.size(); ++i)
    samples.insert(samples.end(), counts[i], base::DelayHistogram::middle_of(i));
  return samples;
}

class LagSamplerTest : public testing::Test {
 protected:
  // As a loop does it: the time is that of the turn.
  void turn_at(base::Duration since_start, bool works) {
    now_ = kStart + since_start;
    if (works) sampler_.note_work();
    wheel_.advance(now_);
  }
  std::size_t samples() const { return samples_of(lag_).size(); }

  static constexpr base::MonotonicTime kStart{std::chrono::seconds(1000)};
  base::MonotonicTime now_ = kStart;
  TimerWheel wheel_{kStart};
  base::DelayHistogram lag_;
  LagSampler sampler_{wheel_, lag_, now_};
};

TEST_F(LagSamplerTest, LooksOnceASecondWhileThereIsNothingToDo) {
  EXPECT_EQ(wheel_.next_wake(), kStart + milliseconds(960)) << "the wheel's first step towards it";
  for (int i = 1; i <= 5; ++i) turn_at(std::chrono::seconds(i), false);
  EXPECT_EQ(samples(), 5u);
}

TEST_F(LagSamplerTest, LooksEveryTenMillisecondsWhileThereIsSomethingToDo) {
  for (int i = 1; i <= 100; ++i) turn_at(milliseconds(i), true);
  EXPECT_GE(samples(), 9u);
  EXPECT_LE(samples(), 10u);
}

TEST_F(LagSamplerTest, FindsAnIdleLoopAgain) {
  for (int i = 1; i <= 30; ++i) turn_at(milliseconds(i), true);
  const std::size_t busy = samples();
  turn_at(milliseconds(50), false);  // what was done until then asks for one more
  turn_at(milliseconds(60), false);
  EXPECT_EQ(samples(), busy + 2);
  for (int i = 70; i < 1000; i += 10) turn_at(milliseconds(i), false);
  EXPECT_EQ(samples(), busy + 2);
}

TEST_F(LagSamplerTest, KnowsHowLateItRan) {
  turn_at(milliseconds(3), true);    // due at 13
  turn_at(milliseconds(213), true);  // 200 ms late
  const auto found = samples_of(lag_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(base::to_seconds(found[0]), 0.2, 0.004);
}

// The machine has had no time for it, and when it has some there is also something to do.
TEST_F(LagSamplerTest, KnowsHowLongAnIdleLoopStoodStill) {
  turn_at(std::chrono::seconds(4), true);  // 3 s late
  const auto found = samples_of(lag_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(base::to_seconds(found[0]), 3, 0.06);
  turn_at(std::chrono::seconds(4) + milliseconds(10), false);
  EXPECT_EQ(samples(), 2u) << "it looks often again";
}

// Roundings of the wheel are none of the loop's.
TEST_F(LagSamplerTest, IsNotLateByTheWheelsOwnTicks) {
  turn_at(std::chrono::microseconds(3400), true);
  turn_at(milliseconds(14), false);
  const auto found = samples_of(lag_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LT(found[0], std::chrono::microseconds(1));
}

TEST(LoopLag, SeesWhatBlocksAnIdleLoop) {
  EventLoop loop;
  loop.measure_lag();
  loop.post([] { std::this_thread::sleep_for(milliseconds(200)); });
  const auto until = base::monotonic_now() + std::chrono::seconds(10);
  std::vector<base::Duration> found;
  while (found.empty() && base::monotonic_now() < until) {
    loop.turn(milliseconds(20));
    found = samples_of(loop.stats().lag);
  }
  ASSERT_EQ(found.size(), 1u);
  // Due 10 ms after the loop was woken.
  EXPECT_GT(base::to_seconds(found[0]), 0.185);
  EXPECT_LT(base::to_seconds(found[0]), 2);
}

TEST(LoopLag, IsMeasuredOnlyWhereSomebodyWantsIt) {
  EventLoop loop;
  loop.post([] {});
  loop.turn(milliseconds(20));
  EXPECT_EQ(loop.timers().armed().value(), 0);
}

}  // namespace
}  // namespace archestra::net
