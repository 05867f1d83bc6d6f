#include "http_io/service.h"

#include <gtest/gtest.h>

#include <thread>

namespace archestra::http_io {
namespace {

using base::ErrorCode;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// A loop with one task that waits for an answer.
class AnswerSlotTest : public ::testing::Test {
 protected:
  void start(base::Duration limit) { tasks_.spawn(wait(limit)); }
  void finish() {
    for (int turns = 0; tasks_.active() > 0 && turns < 1000; ++turns) loop_.turn(10ms);
    ASSERT_EQ(tasks_.active(), 0u);
  }
  net::Task<void> wait(base::Duration limit) {
    result_ = co_await slot_->wait(client_, base::monotonic_now() + limit);
  }

  net::EventLoop loop_;
  std::shared_ptr<AnswerSlot> slot_ = std::make_shared<AnswerSlot>(loop_);
  net::Readiness client_;
  std::optional<base::Result<ServiceAnswer>> result_;
  net::TaskGroup tasks_;
};

TEST_F(AnswerSlotTest, AnswersFromAnotherThread) {
  start(60s);
  std::thread other([slot = slot_] { slot->put({.status = 201, .body = "b"}); });
  finish();
  other.join();
  ASSERT_TRUE(*result_);
  EXPECT_EQ((*result_)->status, 201);
  EXPECT_EQ((*result_)->body, "b");
  EXPECT_FALSE(slot_->is_abandoned());
}

TEST_F(AnswerSlotTest, AnAnswerThatWasThereFirst) {
  slot_->put({.body = "early"});
  loop_.turn(10ms);
  start(60s);
  finish();
  EXPECT_EQ((*result_)->body, "early");
}

TEST_F(AnswerSlotTest, AClientThatLeavesIsTold) {
  start(60s);
  EXPECT_FALSE(slot_->is_abandoned());
  client_.set_gone();
  finish();
  EXPECT_EQ(result_->error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(slot_->is_abandoned());
  slot_->put({.body = "late"});  // nobody takes it, nothing breaks
  slot_.reset();
  loop_.turn(10ms);
}

TEST_F(AnswerSlotTest, AConnectionThatIsCutOff) {
  start(60s);
  client_.cancel();
  finish();
  EXPECT_EQ(result_->error().code, ErrorCode::kCancelled);
}

TEST_F(AnswerSlotTest, ADeadline) {
  start(20ms);
  finish();
  EXPECT_EQ(result_->error().code, ErrorCode::kTimeout);
  EXPECT_TRUE(slot_->is_abandoned());
}

TEST_F(AnswerSlotTest, AnAnswerThatNobodyTakesBeforeTheLoopEnds) {
  slot_->put({.body = "lost"});
  slot_.reset();  // the loop drops it with what was posted
}

}  // namespace
}  // namespace archestra::http_io
