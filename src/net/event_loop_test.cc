#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <thread>
#include <vector>

#include "net/task.h"

namespace archestra::net {
namespace {

using std::chrono::milliseconds;

Task<void> wait_into(EventLoop& loop, std::initializer_list<WaitFor> what, base::MonotonicTime deadline,
                     Wake& out) {
  // The list's elements live in the caller's full expression, which start() outlives.
  out = co_await Wait(loop, what, deadline);
}

class EventLoopTest : public testing::Test {
 protected:
  void turn_until_idle() {
    for (int i = 0; i < 100 && group.active() > 0; ++i) loop.turn(milliseconds(20));
  }
  EventLoop loop;
  TaskGroup group;
};

TEST_F(EventLoopTest, FirstOfSeveralWins) {
  Readiness a, b;
  Wake wake = Wake::kTimeout;
  group.spawn(wait_into(loop, {{&a, Interest::kReadable}, {&b, Interest::kGone}}, base::kNever, wake));
  b.set_gone();
  turn_until_idle();
  EXPECT_EQ(wake, Wake::kSecond);
}

TEST_F(EventLoopTest, WhatIsReadyAlreadyDoesNotSuspend) {
  Readiness a;
  a.set_writable();
  Wake wake = Wake::kTimeout;
  group.spawn(wait_into(loop, {{&a, Interest::kReadable}, {&a, Interest::kWritable}}, base::kNever, wake));
  EXPECT_EQ(group.active(), 0u);
  EXPECT_EQ(wake, Wake::kSecond);
}

TEST_F(EventLoopTest, DeadlinePasses) {
  Readiness a;
  Wake wake = Wake::kFirst;
  const auto start = base::monotonic_now();
  group.spawn(wait_into(loop, {{&a, Interest::kReadable}}, start + milliseconds(15), wake));
  turn_until_idle();
  EXPECT_EQ(wake, Wake::kTimeout);
  EXPECT_GE(base::monotonic_now() - start, milliseconds(15));
}

TEST_F(EventLoopTest, PassedDeadlineBeatsReadiness) {
  Readiness a;
  a.set_readable();
  Wake wake = Wake::kFirst;
  group.spawn(wait_into(loop, {{&a, Interest::kReadable}}, loop.now() - milliseconds(1), wake));
  EXPECT_EQ(wake, Wake::kTimeout);
}

// A peer that never stops sending must keep neither the others from running nor time from passing.
TEST_F(EventLoopTest, WhatIsAlwaysReadyLetsOthersRunAndTimePass) {
  Readiness always;
  always.set_readable();
  int waits = 0;
  int waits_when_posted_ran = -1;
  Wake wake = Wake::kFirst;
  group.spawn([](EventLoop& own, Readiness& ready, int& count, Wake& out) -> Task<void> {
    const auto deadline = own.now() + milliseconds(20);
    while (out == Wake::kFirst && count < 10'000'000) {
      out = co_await Wait(own, {{&ready, Interest::kReadable}}, deadline);
      ++count;
    }
  }(loop, always, waits, wake));
  loop.post([&] { waits_when_posted_ran = waits; });
  while (group.active() > 0) loop.turn(base::Duration::zero());
  EXPECT_EQ(wake, Wake::kTimeout);
  EXPECT_GT(waits_when_posted_ran, 0);
  EXPECT_LT(waits_when_posted_ran, 1000);
}

TEST_F(EventLoopTest, CancelEndsPresentAndFutureWaits) {
  Readiness a;
  Wake first = Wake::kFirst, second = Wake::kFirst;
  group.spawn(wait_into(loop, {{&a, Interest::kReadable}}, base::kNever, first));
  a.cancel();
  turn_until_idle();
  group.spawn(wait_into(loop, {{&a, Interest::kWritable}}, base::kNever, second));
  EXPECT_EQ(first, Wake::kCancelled);
  EXPECT_EQ(second, Wake::kCancelled);
}

TEST_F(EventLoopTest, OneThatRunsMayDestroyAnotherThatIsReady) {
  Readiness a;
  auto victim = std::make_unique<Waiter>(loop);
  static int victim_ran;
  victim_ran = 0;
  victim->callback = [](Waiter&) { ++victim_ran; };
  Readiness b;
  Waiter killer(loop);
  killer.owner = &victim;
  killer.callback = [](Waiter& self) { static_cast<std::unique_ptr<Waiter>*>(self.owner)->reset(); };
  killer.start({{&a, Interest::kReadable}}, base::kNever);
  victim->start({{&b, Interest::kReadable}}, base::kNever);
  a.set_readable();
  b.set_readable();
  loop.turn(base::Duration::zero());
  EXPECT_EQ(victim_ran, 0);
}

struct OneEventFd final : Watcher {
  OneEventFd() : fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~OneEventFd() override { close(fd); }
  void on_events(std::uint32_t epoll_events) override {
    if ((epoll_events & EPOLLIN) != 0) readiness.set_readable();
  }
  int fd;
  Readiness readiness;
  Wake wake = Wake::kCancelled;
};

// As for a process that was stopped for longer than the deadlines are away.
TEST_F(EventLoopTest, NoDeadlineFiresBeforeAllThatCameIsSeen) {
  std::deque<OneEventFd> descriptors(700);
  const auto deadline = base::monotonic_now() + milliseconds(500);
  for (OneEventFd& each : descriptors) {
    ASSERT_TRUE(loop.watch_edges(each.fd, each));
    group.spawn(wait_into(loop, {{&each.readiness, Interest::kReadable}}, deadline, each.wake));
  }
  for (const OneEventFd& each : descriptors) ASSERT_EQ(eventfd_write(each.fd, 1), 0);
  std::this_thread::sleep_until(deadline + milliseconds(10));
  turn_until_idle();
  for (const OneEventFd& each : descriptors) EXPECT_EQ(each.wake, Wake::kFirst);
}

TEST_F(EventLoopTest, PostsFromOtherThreadsArriveOnce) {
  int count = 0;
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i)
        loop.post([&count, this] {
          if (++count == 4000) loop.stop();
        });
    });
  loop.run();
  EXPECT_EQ(count, 4000);
}

}  // namespace
}  // namespace archestra::net
