#include "http_io/event_stream.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "net/task.h"

namespace archestra::http_io {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

EventStream::Event event(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

class EventStreamTest : public ::testing::Test {
 protected:
  /// Reads until `last` comes.
  net::Task<void> read_until(std::string last) {
    stream_->begin(loop_);
    while (read_.empty() || read_.back() != last) {
      const net::Wake wake = co_await net::Wait(loop_, {{&stream_->arrived(), net::Interest::kReadable}},
                                                base::monotonic_now() + 60s);
      if (wake != net::Wake::kFirst) break;
      if (const EventStream::Event taken = stream_->take()) read_.push_back(*taken);
    }
    stream_->end();
  }
  void finish() {
    for (int turns = 0; tasks_.active() > 0 && turns < 100'000; ++turns) loop_.turn(10ms);
    ASSERT_EQ(tasks_.active(), 0u);
  }

  net::EventLoop loop_;
  std::shared_ptr<EventStream> stream_ = std::make_shared<EventStream>(60s);
  std::vector<std::string> read_;
  net::TaskGroup tasks_;
};

TEST_F(EventStreamTest, WakesItsReaderFromAnotherThread) {
  tasks_.spawn(read_until("b"));
  std::thread other([stream = stream_] { stream->put(event("b")); });
  finish();
  other.join();
  EXPECT_EQ(read_, std::vector<std::string>{"b"});
}

TEST_F(EventStreamTest, WhatCameBeforeItsReader) {
  stream_->put(event("a"));
  stream_->put(event("b"));
  tasks_.spawn(read_until("b"));
  finish();
  EXPECT_EQ(read_, std::vector<std::string>{"b"}) << "the latest";
}

TEST_F(EventStreamTest, ASlowReaderGetsTheLatest) {
  tasks_.spawn(read_until("999"));
  std::thread other([stream = stream_] {
    for (int i = 0; i < 1000; ++i) stream->put(event(std::to_string(i)));
  });
  other.join();
  finish();
  EXPECT_EQ(read_, std::vector<std::string>{"999"});
}

TEST_F(EventStreamTest, EventsOneByOneWhileItReads) {
  tasks_.spawn(read_until("999"));
  std::thread other([stream = stream_] {
    for (int i = 0; i < 1000; ++i) stream->put(event(std::to_string(i)));
  });
  finish();
  other.join();
  for (std::size_t i = 1; i < read_.size(); ++i) EXPECT_GT(std::stoi(read_[i]), std::stoi(read_[i - 1]));
}

TEST_F(EventStreamTest, NobodyReadsAnyMore) {
  tasks_.spawn(read_until("a"));
  stream_->put(event("a"));
  finish();
  stream_->put(event("b"));
  EXPECT_EQ(stream_.use_count(), 1) << "no loop was told";
  EXPECT_NE(stream_->take(), nullptr);
  EXPECT_EQ(stream_->take(), nullptr);
}

}  // namespace
}  // namespace archestra::http_io
