// HTTP over a stream, with every cut a network could make: the same exchanges over pipes that carry
// anything at once and over pipes that carry a few bytes at a time.
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "http_io/outbound_connection.h"
#include "http_io/server.h"
#include "net/memory_pipe.h"

namespace archestra::http_io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ChunkSize, IsHexAndCrlf) {
  ChunkSize size;
  EXPECT_EQ(size.text(1), "1\r\n");
  EXPECT_EQ(size.text(10), "a\r\n");
  EXPECT_EQ(size.text(255), "ff\r\n");
  EXPECT_EQ(size.text(4096), "1000\r\n");
  EXPECT_EQ(size.text(std::numeric_limits<std::size_t>::max()), "ffffffffffffffff\r\n");
}

class Echo final : public Handler {
 public:
  net::Task<Persistence> serve(ServerRequest& request) override {
    std::string text = std::string(request.head.method) + " " + std::string(request.head.target) + " " +
                       std::string(request.body);
    co_return co_await send_answer(request, {.content_type = "text/plain", .body = text}, seconds(5));
  }
};

/// Counts to a number given by the path, with a pause in between; "x" for each.
class Counting final : public Handler {
 public:
  class Pieces final : public BodyPieces {
   public:
    Pieces(std::size_t count, int& asked) : left_(count), asked_(asked) {}
    std::optional<std::string_view> next() override {
      ++asked_;
      if (std::exchange(is_pause_, !is_pause_)) return "";
      if (left_ == 0) return std::nullopt;
      text_.assign(1000, 'x');
      text_ += std::to_string(left_--);
      return text_;
    }

   private:
    std::size_t left_;
    int& asked_;
    bool is_pause_ = false;
    std::string text_;
  };
  net::Task<Persistence> serve(ServerRequest& request) override {
    Pieces pieces(std::stoul(std::string(request.head.target.substr(1))), asked);
    co_return co_await send_in_pieces(request, {.content_type = "text/plain"}, pieces,
                                      {.stall = seconds(60)});
  }
  int asked = 0;
};

class ServerTest : public testing::TestWithParam<std::size_t> {
 protected:
  ServerTest() {
    // Generous: byte by byte under a sanitizer takes its time.
    limits.inbound.idle_timeout = seconds(60);
    limits.inbound.head_timeout = seconds(60);
    limits.body.body_bytes_max = 100'000;
    limits.body_timeout = seconds(60);
  }

  // Sends `request` as it is and gives back everything the server sends until it closes.
  std::string exchange(std::string request) { return exchange(std::move(request), echo); }
  std::string exchange(std::string request, Handler& handler) {
    Server server(loop, pool, limits, handler);
    const std::size_t cut = GetParam();
    auto [client, inside] =
        net::make_memory_pipe(loop, {.capacity = 1 << 16, .read_bytes_max = cut, .write_bytes_max = cut});
    server.accept(std::move(inside));
    std::string reply;
    group.spawn([](net::Stream& stream, std::string text, std::string& out) -> net::Task<void> {
      std::size_t sent = 0;
      char bytes[4096];
      while (true) {
        if (sent < text.size()) {
          const iovec piece{text.data() + sent, text.size() - sent};
          const auto wrote = stream.try_write({&piece, 1});
          if (wrote.status == net::IoStatus::kFailed) sent = text.size();
          sent += wrote.bytes;
        }
        const auto read = stream.try_read(bytes, sizeof bytes);
        if (read.status == net::IoStatus::kDone) out.append(bytes, read.bytes);
        if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed) co_return;
        if (read.status == net::IoStatus::kBlocked && sent == text.size())
          co_await net::Wait(stream.loop, {{&stream.readiness, net::Interest::kReadable}}, base::kNever);
        else if (read.status == net::IoStatus::kBlocked)
          co_await net::Wait(
              stream.loop,
              {{&stream.readiness, net::Interest::kReadable}, {&stream.readiness, net::Interest::kWritable}},
              base::kNever);
      }
    }(*client, std::move(request), reply));
    for (int i = 0; i < 1'000'000 && group.active() + server.active() > 0; ++i) loop.turn(milliseconds(100));
    EXPECT_EQ(server.active(), 0u);
    EXPECT_EQ(group.active(), 0u);
    return reply;
  }

  ServerLimits limits;
  net::EventLoop loop;
  base::BufferPool pool;
  Echo echo;
  net::TaskGroup group;
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST_P(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  const std::string reply = exchange(
      "GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "POST /three HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
      "HEAD /four HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(count(reply, "HTTP/1.1 200 OK\r\n"), 4u) << reply;
  EXPECT_LT(reply.find("GET /one "), reply.find("POST /two hello"));
  EXPECT_LT(reply.find("POST /two hello"), reply.find("POST /three abcde"));
  EXPECT_EQ(reply.find("HEAD /four"), std::string::npos);
}

TEST_P(ServerTest, BodiesLargerThanABufferArriveWhole) {
  const std::string body(90'000, 'b');
  const std::string fixed =
      exchange("POST /f HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 90000\r\n\r\n" + body);
  EXPECT_NE(fixed.find("POST /f " + body), std::string::npos);
  std::string chunked =
      "POST /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 90; ++i) chunked += "3e8\r\n" + std::string(1000, 'b') + "\r\n";
  EXPECT_NE(exchange(chunked + "0\r\n\r\n").find("POST /c " + body), std::string::npos);
}

TEST_P(ServerTest, WhatIsTooLargeIsRefusedByWord) {
  EXPECT_EQ(exchange("POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n").substr(0, 12),
            "HTTP/1.1 413");
  const std::string long_line(20'000, 'x');
  EXPECT_EQ(exchange("GET /" + long_line + " HTTP/1.1\r\nHost: a\r\n\r\n").substr(0, 12), "HTTP/1.1 414");
}

TEST_P(ServerTest, NonsenseGets400AndAClose) {
  EXPECT_EQ(exchange("\x16\x03\x01 nonsense\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
}

// Nothing of the head before it is left: the answer to a HEAD would have no body.
TEST_P(ServerTest, NonsenseAfterAHeadRequestIsToldWhatIsWrong) {
  const std::string reply = exchange("HEAD /four HTTP/1.1\r\nHost: a\r\n\r\n\x01 / x\r\n\r\n");
  const std::size_t second = reply.find("HTTP/1.1 400");
  ASSERT_NE(second, std::string::npos) << reply;
  const std::size_t body = reply.find("\r\n\r\n", second) + 4;
  EXPECT_GT(reply.size(), body) << reply;
}

TEST_P(ServerTest, HalfARequestTimesOutWith408AndSilenceIsClosedQuietly) {
  limits.inbound.idle_timeout = milliseconds(50);
  limits.inbound.head_timeout = milliseconds(50);
  limits.body_timeout = milliseconds(50);
  EXPECT_EQ(exchange("GET / HTTP/1.1\r\nHo").substr(0, 12), "HTTP/1.1 408");
  EXPECT_EQ(exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel").substr(0, 12),
            "HTTP/1.1 408");
  EXPECT_EQ(exchange(""), "");
}

TEST_P(ServerTest, BytesThatArriveBuyTime) {
  const std::string body(20'000, 'b');
  const std::string request =
      "POST /f HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n" + body;
  limits.body_timeout = milliseconds(1);
  limits.body.bytes_per_second_min =
      100;  // 20,000 bytes may take 200 s, the last missing one no more than that
  EXPECT_EQ(exchange(request).substr(0, 15), "HTTP/1.1 200 OK");
  limits.body.bytes_per_second_min = 1'000'000;
  EXPECT_EQ(exchange(request.substr(0, request.size() - 1)).substr(0, 12), "HTTP/1.1 408");
}

TEST_P(ServerTest, ABodyInPiecesIsChunkedAndTheConnectionGoesOn) {
  Counting counting;
  const std::string reply = exchange(
      "HEAD /7 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /0 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
      counting);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n";
  const std::string x(1000, 'x');
  EXPECT_EQ(reply, head + "\r\n" + head + "\r\n3e9\r\n" + x + "2\r\n3e9\r\n" + x + "1\r\n0\r\n\r\n" + head +
                       "Connection: close\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(counting.asked, 5 + 1) << "none for HEAD";
}

TEST_P(ServerTest, ABodyInPiecesEndsWithTheConnectionForHttp10) {
  Counting counting;
  const std::string reply = exchange("GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", counting);
  const std::string x(1000, 'x');
  EXPECT_EQ(reply,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" + x + "2" + x + "1");
}

TEST_P(ServerTest, EveryBufferGoesBack) {
  exchange("POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Cuts, ServerTest, testing::Values(1, 2, 7, 1000, 65536));

}  // namespace
}  // namespace archestra::http_io
