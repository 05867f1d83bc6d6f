#include "http_io/tunnel.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "net/memory_pipe.h"

namespace archestra::http_io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A proxy that reads what it is asked and sends its answer in pieces.
class TunnelTest : public testing::Test {
 protected:
  struct Piece {
    std::string bytes;
    bool end = false;  // the proxy closes behind it
  };

  base::Result<void> ask(std::vector<Piece> pieces, base::Duration limit = seconds(60)) {
    auto [ours, theirs] = net::make_memory_pipe(loop, {.capacity = 1 << 18});
    std::optional<base::Result<void>> result;
    asked.clear();
    group.spawn(
        [](TunnelTest& test, net::Stream& stream, base::Duration limit, auto& result) -> net::Task<void> {
          result = co_await ask_for_tunnel(stream, test.pool, test.endpoint, test.proxy,
                                           base::monotonic_now() + limit, nullptr);
        }(*this, *ours, limit, result));
    group.spawn([](TunnelTest& test, net::Stream& stream, std::vector<Piece> pieces) -> net::Task<void> {
      char bytes[1024];
      while (!test.asked.ends_with("\r\n\r\n")) {
        const auto read = stream.try_read(bytes, sizeof bytes);
        if (read.status == net::IoStatus::kDone) test.asked.append(bytes, read.bytes);
        if (read.status == net::IoStatus::kBlocked)
          co_await net::Wait(stream.loop, {{&stream.readiness, net::Interest::kReadable}}, base::kNever);
      }
      for (Piece& piece : pieces) {
        const iovec vector{piece.bytes.data(), piece.bytes.size()};
        if (!piece.bytes.empty()) stream.try_write({&vector, 1});
        if (piece.end) stream.shut_down_write();
        // So that each is read by itself.
        co_await net::Wait(stream.loop, {}, base::monotonic_now());
      }
    }(*this, *theirs, std::move(pieces)));
    while (group.active() > 0) loop.turn(milliseconds(100));
    EXPECT_EQ(pool.bytes_in_use(), 0U) << "a buffer is kept";
    return *result;
  }

  net::EventLoop loop;
  base::BufferPool pool;
  net::TaskGroup group;
  net::Endpoint endpoint{.host = "api.example", .port = 443};
  ForwardProxy proxy = *ForwardProxy::parse("user:secret@proxy:3128");
  std::string asked;
};

std::string text_of(const base::Result<void>& result) { return result ? "made" : result.error().text(); }

TEST_F(TunnelTest, AsksForTheUpstreamByItsNameAndPort) {
  EXPECT_EQ(text_of(ask({{"HTTP/1.1 200 Connection established\r\n\r\n"}})), "made");
  EXPECT_EQ(asked,
            "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n"
            "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n");
  endpoint = {.host = "fd00::1", .port = 8443};
  proxy = *ForwardProxy::parse("proxy:3128");
  EXPECT_EQ(text_of(ask({{"HTTP/1.0 200 OK\r\n\r\n"}})), "made");
  EXPECT_EQ(asked, "CONNECT [fd00::1]:8443 HTTP/1.1\r\nHost: [fd00::1]:8443\r\n\r\n");
}

TEST_F(TunnelTest, WhateverTheProxyAnswersInWhateverPieces) {
  constexpr const char* kNoHttp = "proxy_failed: the proxy's answer was not valid HTTP";
  constexpr const char* kBroke = "proxy_failed: the proxy broke the connection before it answered";
  constexpr const char* kTooLong = "proxy_failed: the proxy's answer was too long";
  const struct {
    std::string answer;
    const char* meaning;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\n\r\n", "made"},
      {"HTTP/1.1 204 No Content\r\nVia: 1.1 proxy\r\n\r\n", "made"},
      // RFC 9110 section 9.3.6: these mean nothing here.
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "made"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "made"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "made"},
      {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
       "proxy_failed: the proxy wants credentials, or others (status 407)"},
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
       "proxy_failed: the proxy refused the tunnel (status 403)"},
      {"HTTP/1.1 502 Bad Gateway\r\n\r\n", "proxy_failed: the proxy refused the tunnel (status 502)"},
      {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n",
       "proxy_failed: the proxy refused the tunnel (status 302)"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", kNoHttp},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", kNoHttp},
      {"HTTP/1.1 200 OK\r\nVia : x\r\n\r\n", kNoHttp},
      {"HTTP/1.1 200 OK\r\nVi", kBroke},
      {"", kBroke},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n", kTooLong},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.answer.substr(0, 80));
    EXPECT_EQ(text_of(ask({{c.answer, true}})), c.meaning);
    if (c.answer.size() > 1000) continue;
    for (std::size_t cut = 1; cut < c.answer.size(); ++cut)
      EXPECT_EQ(text_of(ask({{c.answer.substr(0, cut)}, {c.answer.substr(cut), true}})), c.meaning) << cut;
  }
}

TEST_F(TunnelTest, ManyFieldsAreTooLongToo) {
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 40; ++i) answer += "X: " + std::string(1000, 'x') + "\r\n";
  EXPECT_EQ(text_of(ask({{answer}})), "proxy_failed: the proxy's answer was too long");
}

TEST_F(TunnelTest, NothingMayComeOutOfItBeforeSomethingWentIn) {
  EXPECT_EQ(text_of(ask({{"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03"}})),
            "proxy_failed: bytes came out of the tunnel before anything was sent (status 200)");
}

TEST_F(TunnelTest, IsNotWaitedForWithoutEnd) {
  EXPECT_EQ(text_of(ask({{"HTTP/1.1 200 OK\r\n"}}, milliseconds(20))), "timeout: the proxy did not answer");
}

}  // namespace
}  // namespace archestra::http_io
