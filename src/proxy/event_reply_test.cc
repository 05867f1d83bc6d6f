#include "proxy/event_reply.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "net/memory_pipe.h"

namespace archestra::proxy {
namespace {

using http_io::EventStream;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class EventReplyTest : public ::testing::Test {
 protected:
  void start(std::size_t capacity = 64 * 1024, base::Duration stall = 60s) {
    auto [client, inside] = net::make_memory_pipe(loop_, {.capacity = capacity});
    client_ = std::move(client);
    inbound_.emplace(std::move(inside), pool_, limits_);
    request_.method = method_;
    request_.minor_version = minor_version_;
    tasks_.spawn(reply(stall));
    turn();
  }
  net::Task<void> reply(base::Duration stall) {
    result_ = co_await send_events(*inbound_, request_,
                                   {.events = *stream_,
                                    .first = "first\n\n",
                                    .until = base::monotonic_now() + stream_->time_max(),
                                    .stall = stall,
                                    .drain_begins = drain_});
  }
  void put(std::string text) {
    stream_->put(std::make_shared<const std::string>(std::move(text)));
    turn();
  }
  void turn() {
    for (int i = 0; i < 5; ++i) loop_.turn(0ms);
  }
  void finish() {
    for (int turns = 0; tasks_.active() > 0 && turns < 10'000; ++turns) loop_.turn(10ms);
    ASSERT_EQ(tasks_.active(), 0u);
  }
  /// What has come since the last time.
  std::string read() {
    std::string text;
    char bytes[4096];
    while (true) {
      const net::IoResult got = client_->try_read(bytes, sizeof bytes);
      if (got.status != net::IoStatus::kDone) return text;
      text.append(bytes, got.bytes);
      turn();
    }
  }
  std::string body() {
    const std::string all = read();
    const std::size_t end = all.find("\r\n\r\n");
    return end == std::string::npos ? "" : all.substr(end + 4);
  }

  void TearDown() override {
    drain_.set_readable();
    client_.reset();
    finish();
  }

  std::string method_ = "GET";
  int minor_version_ = 1;
  net::EventLoop loop_;
  base::BufferPool pool_;
  http_io::InboundLimits limits_;
  http::RequestHead request_;
  net::Readiness drain_;
  std::shared_ptr<EventStream> stream_ = std::make_shared<EventStream>(60s);
  net::StreamPtr client_;
  std::optional<http_io::InboundConnection> inbound_;
  std::optional<EventReplyResult> result_;
  net::TaskGroup tasks_;
};

TEST_F(EventReplyTest, EachEventIsAChunkAndLeavesAtOnce) {
  start();
  const std::string head = read();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")) << head;
  EXPECT_TRUE(head.ends_with("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n7\r\nfirst\n\n\r\n"))
      << head;
  put("0123456789abcdef");
  EXPECT_EQ(read(), "10\r\n0123456789abcdef\r\n");
  put("x");
  EXPECT_EQ(read(), "1\r\nx\r\n");
  drain_.set_readable();
  finish();
  EXPECT_EQ(read(), "0\r\n\r\n");
  EXPECT_EQ(result_->end, EventReplyEnd::kComplete);
  EXPECT_EQ(result_->body_bytes, 7u + 16 + 1);
}

TEST_F(EventReplyTest, EndsByItself) {
  stream_ = std::make_shared<EventStream>(20ms);
  start();
  finish();
  EXPECT_EQ(body(), "7\r\nfirst\n\n\r\n0\r\n\r\n");
  EXPECT_EQ(result_->end, EventReplyEnd::kComplete);
}

TEST_F(EventReplyTest, ASlowReaderMissesEvents) {
  start(1000);
  put(std::string(2000, 'a'));
  for (int i = 0; i < 50; ++i) put("event " + std::to_string(i));
  EXPECT_FALSE(result_) << "nobody waits for ever, but the sender";
  const std::string all = body();
  EXPECT_TRUE(all.ends_with("8\r\nevent 49\r\n")) << all;
  EXPECT_EQ(all.find("event 48"), std::string::npos);
  put("last");
  EXPECT_EQ(read(), "4\r\nlast\r\n");
}

TEST_F(EventReplyTest, ADrainDoesNotWaitForASlowReader) {
  start(1000);
  put(std::string(2000, 'a'));
  drain_.set_readable();
  finish();
  EXPECT_EQ(result_->end, EventReplyEnd::kBrokenOff);
}

TEST_F(EventReplyTest, AClientThatTakesNothingIsGivenUp) {
  start(1000, 20ms);
  put(std::string(2000, 'a'));
  finish();
  EXPECT_EQ(result_->end, EventReplyEnd::kBrokenOff);
}

TEST_F(EventReplyTest, AClientThatLeaves) {
  start();
  client_.reset();
  finish();
  EXPECT_EQ(result_->end, EventReplyEnd::kClientGone);
}

TEST_F(EventReplyTest, AConnectionThatIsCutOff) {
  start();
  inbound_->stream().readiness.cancel();
  finish();
  EXPECT_EQ(result_->end, EventReplyEnd::kClientGone);
}

TEST_F(EventReplyTest, WithoutChunksToAnOldClient) {
  minor_version_ = 0;
  start();
  put("x");
  const std::string all = read();
  EXPECT_EQ(all.find("Transfer-Encoding"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\nfirst\n\nx")) << all;
}

TEST_F(EventReplyTest, HeadAlone) {
  method_ = "HEAD";
  start();
  finish();
  EXPECT_EQ(body(), "");
  EXPECT_EQ(result_->body_bytes, 0u);
}

}  // namespace
}  // namespace archestra::proxy
