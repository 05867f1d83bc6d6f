#include "net/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/event_loop.h"

namespace archestra::net {
namespace {

Task<int> answer() { co_return 42; }
Task<std::unique_ptr<int>> moved() { co_return std::make_unique<int>(7); }
Task<int> deep(int levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await deep(levels - 1);
}

TEST(Task, ResultsComeBackByValueAndMove) {
  TaskGroup group;
  int seen = 0;
  group.spawn([](int& out) -> Task<void> {
    out = co_await answer();
    out += *co_await moved();
  }(seen));
  EXPECT_EQ(seen, 49);
  EXPECT_EQ(group.active(), 0u);
}

TEST(Task, LongLoopsOfFinishedTasksDoNotGrowTheStack) {
  TaskGroup group;
  int sum = 0;
  group.spawn([](int& out) -> Task<void> {
    for (int i = 0; i < 200'000; ++i) out += co_await answer() != 42;
    out += co_await deep(1000);
  }(sum));
  EXPECT_EQ(sum, 1000);
}

TEST(Task, OneThatIsNeverAwaitedNeverRuns) {
  bool ran = false;
  {
    auto task = [](bool& flag) -> Task<void> {
      flag = true;
      co_return;
    }(ran);
  }
  EXPECT_FALSE(ran);
}

TEST(TaskGroup, CountsWhatWaits) {
  EventLoop loop;
  TaskGroup group;
  Readiness signal;
  group.spawn([](EventLoop& l, Readiness& s) -> Task<void> {
    const Wake wake = co_await Wait(l, {{&s, Interest::kReadable}}, base::kNever);
    EXPECT_EQ(wake, Wake::kFirst);
  }(loop, signal));
  EXPECT_EQ(group.active(), 1u);
  signal.set_readable();
  EXPECT_EQ(group.active(), 1u) << "made ready, runs in the loop's turn";
  loop.turn(base::Duration::zero());
  EXPECT_EQ(group.active(), 0u);
}

}  // namespace
}  // namespace archestra::net
