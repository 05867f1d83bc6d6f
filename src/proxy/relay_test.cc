// Responses over pipes that carry anything at once and over pipes that carry a few bytes at a time.
#include "proxy/relay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_framing.h"
#include "http/test_gzip.h"
#include "net/memory_pipe.h"
#include "providers/registry.h"

namespace archestra::proxy {
namespace {

using http::BodyKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\n\r\n";

struct Upstream {
  std::string bytes;
  http::BodyFraming framing;
  bool closes = false;
  bool stalls = false;  // sends nothing more; patience is short then
};

struct Relayed {
  std::optional<RelayResult> result;
  std::string received;  // by the client, the head included
  providers::ResponseFacts facts;
  call::Delivery delivery;
  std::size_t memory_bytes = 0;  // most that was held at a time
};

class RelayTest : public testing::TestWithParam<std::size_t> {
 protected:
  net::MemoryPipeOptions cuts(std::size_t capacity = 64 * 1024) const {
    return {.capacity = capacity, .read_bytes_max = GetParam(), .write_bytes_max = GetParam()};
  }

  Relayed relay_all(const Upstream& upstream, GateMode mode, ClientFraming framing,
                    std::size_t client_reads_max = std::string::npos,
                    http::ContentCoding coding = http::ContentCoding::kIdentity) {
    Relayed relayed;
    const providers::RequestFacts request{.model = "m", .stream = true, .usage_option = {.inserted = "x"}};
    const auto match = registry_.match("POST", "/v1/openai/chat/completions");
    const auto scan = (*match)->provider->scan((*match)->route, request);
    Gate gate(mode, scan.get(), {.scan_bytes_max = 1 << 20, .event_bytes_max = 1 << 20}, pool_, coding);
    {
      auto [client, client_side] = net::make_memory_pipe(loop_, cuts(4096));
      auto [server, server_side] = net::make_memory_pipe(loop_, cuts());
      http_io::InboundConnection inbound(std::move(client_side), pool_, limits_);
      std::optional<http_io::OutboundConnection> outbound(std::in_place, std::move(server_side), pool_);
      outbound->source().start_body(upstream.framing);
      Waits waits;
      group_.spawn([](RelayPlan plan, std::optional<RelayResult>& result)
                       -> net::Task<void> {
        Gate& relayed_by = plan.gate;
        net::Stream& to = plan.client.stream();
        result = co_await relay(std::move(plan));
        relayed_by.conclude();  // while the upstream's buffer is there
        to.shut_down_write();
      }({.client = inbound,
                       .upstream = *outbound,
                       .gate = gate,
                       .head = kHead,
                       .head_arrived = base::monotonic_now(),
                       .framing = framing,
                       .idle_timeout = upstream.stalls ? base::Duration(milliseconds(20)) : seconds(100),
                       .total_deadline = base::monotonic_now() + seconds(100),
                       .client_timeout = seconds(100),
                       .waits = waits},
                       relayed.result));
      group_.spawn(feed(*server, upstream));
      group_.spawn(take(std::move(client), client_reads_max, relayed.received));
      for (int i = 0; i < 1'000'000 && group_.active() > 0; ++i) {
        loop_.turn(milliseconds(100));
        relayed.memory_bytes = std::max(relayed.memory_bytes, pool_.bytes_in_use());
        if (relayed.result) outbound.reset();  // who still feeds it notices
      }
      EXPECT_EQ(group_.active(), 0u);
    }
    relayed.facts = scan->facts();
    relayed.delivery = gate.delivery();
    return relayed;
  }

  static net::Task<void> feed(net::Stream& stream, const Upstream& upstream) {
    std::string_view rest = upstream.bytes;
    while (!rest.empty()) {
      const iovec piece{const_cast<char*>(rest.data()), rest.size()};
      const auto wrote = stream.try_write({&piece, 1});
      if (wrote.status == net::IoStatus::kFailed) co_return;
      rest.remove_prefix(wrote.bytes);
      if (wrote.status == net::IoStatus::kBlocked)
        co_await net::Wait(stream.loop, {{&stream.readiness, net::Interest::kWritable}}, base::kNever);
    }
    if (upstream.closes) stream.shut_down_write();
  }

  // Reads to the end, or so often and leaves.
  static net::Task<void> take(net::StreamPtr stream, std::size_t reads_max, std::string& received) {
    std::string bytes(4096, '\0');
    for (std::size_t reads = 0; reads < reads_max;) {
      const auto read = stream->try_read(bytes.data(), bytes.size());
      if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed) co_return;
      if (read.status == net::IoStatus::kDone) {
        received.append(bytes, 0, read.bytes);
        ++reads;
      } else {
        co_await net::Wait(stream->loop, {{&stream->readiness, net::Interest::kReadable}}, base::kNever);
      }
    }
  }

  net::EventLoop loop_;
  base::BufferPool pool_;
  http_io::InboundLimits limits_;
  providers::Registry registry_;
  net::TaskGroup group_;
};

std::string chunk(std::string_view content) {
  ChunkSize size;
  return std::string(size.text(content.size())) + std::string(content) + "\r\n";
}

// The content of what a client got behind the head; nothing where it is not whole.
std::optional<std::string> unchunked(const std::string& received) {
  if (!received.starts_with(kHead)) return std::nullopt;
  http::BodyDecoder decoder({BodyKind::kChunked, 0});
  std::string content;
  std::string_view rest = std::string_view(received).substr(kHead.size());
  while (!decoder.done()) {
    const auto step = decoder.next(rest);
    if (!step || step->consumed == 0) return std::nullopt;
    content += step->content;
    rest.remove_prefix(step->consumed);
  }
  if (!rest.empty()) return std::nullopt;
  return content;
}

const std::string kText = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const std::string kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n";
const std::string kDone = "data: [DONE]\n\n";

TEST_P(RelayTest, ABodyWithItsLengthPassesAndIsRead) {
  const std::string body = R"({"id":"a","choices":[],"usage":{"prompt_tokens":3}})";
  const Relayed relayed = relay_all({.bytes = body, .framing = {BodyKind::kLength, body.size()}},
                                    GateMode::kObserveBody, ClientFraming::kLength);
  ASSERT_TRUE(relayed.result);
  EXPECT_EQ(relayed.result->end, RelayEnd::kComplete);
  EXPECT_EQ(relayed.result->body_bytes, body.size());
  EXPECT_EQ(relayed.received, std::string(kHead) + body);
  EXPECT_EQ(relayed.facts.id, "a");
  EXPECT_EQ(relayed.facts.usage.input_tokens, 3u);
}

TEST_P(RelayTest, AnEmptyBodyIsAHeadAlone) {
  for (const auto& [framing, to_client] : {std::pair{BodyKind::kNone, ClientFraming::kNone},
                                           std::pair{BodyKind::kLength, ClientFraming::kLength}}) {
    const Relayed relayed =
        relay_all({.bytes = "", .framing = {framing, 0}}, GateMode::kObserveBody, to_client);
    ASSERT_TRUE(relayed.result);
    EXPECT_EQ(relayed.result->end, RelayEnd::kComplete);
    EXPECT_EQ(relayed.received, kHead);
  }
}

TEST_P(RelayTest, AStreamLosesTheUsageChunkThatWasAskedFor) {
  const std::string bytes = chunk(kText + "da") + chunk("ta: x\n\n" + kUsage) + chunk(kDone) + "0\r\n\r\n";
  for (const GateMode mode : {GateMode::kDecideEvents, GateMode::kObserveEvents}) {
    const Relayed relayed =
        relay_all({.bytes = bytes, .framing = {BodyKind::kChunked, 0}}, mode, ClientFraming::kChunked);
    std::string kept = kText + "data: x\n\n";
    if (mode == GateMode::kObserveEvents) kept += kUsage;
    kept += kDone;
    ASSERT_TRUE(relayed.result);
    EXPECT_EQ(relayed.result->end, RelayEnd::kComplete);
    EXPECT_EQ(relayed.result->body_bytes, kept.size());
    EXPECT_EQ(unchunked(relayed.received), kept);
    EXPECT_EQ(relayed.facts.usage.input_tokens, 9u);
    EXPECT_EQ(relayed.facts.content_events, 1u);
    EXPECT_TRUE(relayed.facts.ended);
  }
}

TEST_P(RelayTest, AnEncodedStreamIsDecodedWhereItIsDecidedAbout) {
  // Much more than leaves at a time, from fewer bytes than a read may bring.
  std::string kept;
  for (int i = 0; i < 3000; ++i) kept += kText;
  const std::string encoded = http::gzip(kept + kUsage + kDone);
  kept += kDone;
  for (const GateMode mode : {GateMode::kDecideEvents, GateMode::kObserveEvents}) {
    const Relayed relayed =
        relay_all({.bytes = chunk(encoded) + "0\r\n\r\n", .framing = {BodyKind::kChunked, 0}}, mode,
                  ClientFraming::kChunked, std::string::npos, http::ContentCoding::kGzip);
    const std::string& expected = mode == GateMode::kDecideEvents ? kept : encoded;
    ASSERT_TRUE(relayed.result);
    EXPECT_EQ(relayed.result->end, RelayEnd::kComplete);
    EXPECT_EQ(relayed.result->body_bytes, expected.size());
    EXPECT_TRUE(unchunked(relayed.received) == expected);
    EXPECT_EQ(relayed.facts.usage.input_tokens, 9u);
    EXPECT_EQ(relayed.facts.content_events, 3000u);
    EXPECT_TRUE(relayed.facts.ended);
    EXPECT_LE(relayed.memory_bytes, 256u * 1024);
  }
}

TEST_P(RelayTest, AnEncodedStreamThatCannotBeDecidedAboutFails) {
  const std::string encoded = http::gzip(kText + kUsage + kDone);
  std::string broken = encoded;
  broken[broken.size() - 8] ^= 1;
  struct Case {
    std::string bytes;
    base::ErrorCode code;
  };
  const std::string decided = std::string(kHead).append(kText).append(kDone);
  for (const Case& c : {Case{broken, base::ErrorCode::kMalformed},
                        Case{encoded.substr(0, encoded.size() - 1), base::ErrorCode::kReset}}) {
    const Upstream upstream{.bytes = c.bytes, .framing = {BodyKind::kLength, c.bytes.size()}};
    const Relayed relayed = relay_all(upstream, GateMode::kDecideEvents, ClientFraming::kUntilClose,
                                      std::string::npos, http::ContentCoding::kGzip);
    ASSERT_TRUE(relayed.result);
    EXPECT_EQ(relayed.result->end, RelayEnd::kUpstreamFailed);
    EXPECT_EQ(relayed.result->error.code, c.code);
    // What came before the fault has left, as far as it went at once.
    EXPECT_TRUE(decided.starts_with(relayed.received)) << relayed.received;
    if (GetParam() >= 1000) EXPECT_EQ(relayed.received, decided);
    // Where it only passes it is relayed to its end.
    const Relayed passed = relay_all(upstream, GateMode::kObserveEvents, ClientFraming::kLength,
                                     std::string::npos, http::ContentCoding::kGzip);
    ASSERT_TRUE(passed.result);
    EXPECT_EQ(passed.result->end, RelayEnd::kComplete);
    EXPECT_EQ(passed.received, std::string(kHead) + c.bytes);
  }
}

TEST_P(RelayTest, WhatIsUnfinishedWhenTheUpstreamClosesPasses) {
  const std::string body = kText + "data: {\"choi";
  for (const ClientFraming framing : {ClientFraming::kChunked, ClientFraming::kUntilClose}) {
    const Relayed relayed = relay_all({.bytes = body, .framing = {BodyKind::kUntilClose, 0}, .closes = true},
                                      GateMode::kDecideEvents, framing);
    ASSERT_TRUE(relayed.result);
    EXPECT_EQ(relayed.result->end, RelayEnd::kComplete);
    if (framing == ClientFraming::kChunked)
      EXPECT_EQ(unchunked(relayed.received), body);
    else
      EXPECT_EQ(relayed.received, std::string(kHead) + body);
  }
}

TEST_P(RelayTest, MoreRunsThanOneSendTakesArriveInOrder) {
  std::string bytes;
  std::string content;
  for (int i = 0; i < 300; ++i) {
    const std::string event = "data: " + std::to_string(i) + "\n\n";
    bytes += chunk(event.substr(0, 3)) + chunk(event.substr(3));
    content += event;
  }
  for (const GateMode mode : {GateMode::kPass, GateMode::kObserveEvents, GateMode::kDecideEvents}) {
    const Relayed relayed = relay_all({.bytes = bytes + "0\r\n\r\n", .framing = {BodyKind::kChunked, 0}},
                                      mode, ClientFraming::kChunked);
    EXPECT_EQ(unchunked(relayed.received), content);
  }
}

TEST_P(RelayTest, ASlowClientDoesNotMakeUsHoldMore) {
  const std::string body(std::max<std::size_t>(GetParam() * 16, 2000), 'x');  // more takes too many turns
  const Relayed relayed = relay_all({.bytes = body, .framing = {BodyKind::kLength, body.size()}},
                                    GateMode::kPass, ClientFraming::kLength);
  EXPECT_EQ(relayed.received.size(), kHead.size() + body.size());
  EXPECT_LE(relayed.memory_bytes, 128u * 1024);
}

// A crowd of clients that take nothing costs what lies before each of them, and no more.
TEST_P(RelayTest, AStalledClientHoldsOnlyWhatItIsSent) {
  std::string events;
  for (int i = 0; i < 200; ++i) events += kText;
  const Upstream upstream{.bytes = events, .framing = {BodyKind::kLength, events.size()}};
  const providers::RequestFacts request{.model = "m", .stream = true, .usage_option = {.inserted = "x"}};
  const auto match = registry_.match("POST", "/v1/openai/chat/completions");
  for (const GateMode mode : {GateMode::kObserveEvents, GateMode::kDecideEvents}) {
    SCOPED_TRACE(static_cast<int>(mode));
    const auto scan = (*match)->provider->scan((*match)->route, request);
    Gate gate(mode, scan.get(), {.scan_bytes_max = 1 << 20, .event_bytes_max = 1 << 20}, pool_);
    auto [client, client_side] = net::make_memory_pipe(loop_, {.capacity = 4096});  // the head leaves whole
    auto [server, server_side] = net::make_memory_pipe(loop_, cuts());
    http_io::InboundConnection inbound(std::move(client_side), pool_, limits_);
    http_io::OutboundConnection outbound(std::move(server_side), pool_);
    outbound.source().start_body(upstream.framing);
    base::Buffer head = pool_.take();
    std::ranges::copy(kHead, head.data());
    const std::string_view head_text(head.data(), kHead.size());
    Waits waits;
    std::optional<RelayResult> result;
    group_.spawn([](RelayPlan plan,
                    std::optional<RelayResult>& done) -> net::Task<void> {
      done = co_await relay(std::move(plan));
    }({.client = inbound,
                                                      .upstream = outbound,
                                                      .gate = gate,
                                                      .head = head_text,
                                                      .head_storage = std::move(head),
                                                      .head_arrived = base::monotonic_now(),
                                                      .framing = ClientFraming::kUntilClose,
                                                      .idle_timeout = seconds(100),
                                                      .total_deadline = base::monotonic_now() + seconds(100),
                                                      .client_timeout = seconds(100),
                                                      .waits = waits},
                                                      result));
    group_.spawn(feed(*server, upstream));
    // Nothing here waits for time: what a turn without a wait does not move is the client's turn to move.
    for (auto before = base::Duration::max(); before != waits.upstream;) {
      before = waits.upstream;
      for (int i = 0; i < 100; ++i) loop_.turn(milliseconds(0));
    }
    ASSERT_FALSE(result);
    EXPECT_EQ(pool_.bytes_in_use(), mode == GateMode::kDecideEvents ? 0u : base::BufferPool::kSmallest);
    std::string received;
    group_.spawn(take(std::move(client), std::string::npos, received));
    while (!result) loop_.turn(milliseconds(100));
    inbound.stream().shut_down_write();
    while (group_.active() > 0) loop_.turn(milliseconds(100));
    EXPECT_EQ(received, std::string(kHead) + events);
  }
}

TEST_P(RelayTest, TellsHowTheUpstreamFailed) {
  struct Case {
    Upstream upstream;
    base::ErrorCode code;
    std::string content;
  };
  const Case cases[] = {
      {{.bytes = "abc", .framing = {BodyKind::kLength, 5}, .closes = true}, base::ErrorCode::kReset, "abc"},
      {{.bytes = "3\r\nabc\r\n", .framing = {BodyKind::kChunked, 0}, .closes = true},
       base::ErrorCode::kReset,
       "abc"},
      {{.bytes = "3\r\nabc\r\nx", .framing = {BodyKind::kChunked, 0}}, base::ErrorCode::kMalformed, ""},
      {{.bytes = "abc", .framing = {BodyKind::kLength, 5}, .stalls = true}, base::ErrorCode::kTimeout, "abc"},
      {{.bytes = "", .framing = {BodyKind::kUntilClose, 0}, .stalls = true}, base::ErrorCode::kTimeout, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.upstream.bytes);
    const Relayed relayed = relay_all(c.upstream, GateMode::kPass, ClientFraming::kUntilClose);
    ASSERT_TRUE(relayed.result);
    EXPECT_EQ(relayed.result->end, RelayEnd::kUpstreamFailed);
    EXPECT_EQ(relayed.result->error.code, c.code);
    // What came with the error in one read may be lost; nothing is made up.
    EXPECT_TRUE((std::string(kHead) + "abc").starts_with(relayed.received)) << relayed.received;
    if (!c.content.empty()) EXPECT_EQ(relayed.received, std::string(kHead) + c.content);
  }
}

TEST_P(RelayTest, NoticesAClientThatLeaves) {
  // While nothing comes, and while it does not take what comes.
  for (const std::size_t size : {10u, 100'000u}) {
    const Upstream upstream{.bytes = std::string(size, 'x'), .framing = {BodyKind::kLength, 1'000'000}};
    const Relayed relayed = relay_all(upstream, GateMode::kPass, ClientFraming::kLength, 1);
    ASSERT_TRUE(relayed.result);
    EXPECT_EQ(relayed.result->end, RelayEnd::kClientGone);
  }
}

TEST_P(RelayTest, TellsWhatTheClientGot) {
  const std::string whole = kText + kText + kDone;
  const Relayed all = relay_all({.bytes = whole, .framing = {BodyKind::kLength, whole.size()}},
                                GateMode::kObserveEvents, ClientFraming::kLength);
  EXPECT_EQ(all.delivery.events, 2u);
  EXPECT_EQ(all.delivery.events_delivered, 2u);
  ASSERT_TRUE(all.result->first_byte_sent);
  EXPECT_LE(*all.result->first_byte_sent, base::monotonic_now());

  // One that reads once and leaves, while more comes than is on its way to it at a time.
  std::string long_one;
  for (int i = 0; i < 3000; ++i) long_one += kText;
  for (const GateMode mode : {GateMode::kObserveEvents, GateMode::kDecideEvents}) {
    const Relayed half = relay_all({.bytes = long_one, .framing = {BodyKind::kLength, 1'000'000}}, mode,
                                   ClientFraming::kUntilClose, 1);
    ASSERT_TRUE(half.result);
    EXPECT_EQ(half.result->end, RelayEnd::kClientGone);
    EXPECT_TRUE(half.result->first_byte_sent);
    EXPECT_EQ(half.delivery.events, half.facts.content_events);
    EXPECT_LE(half.delivery.events_delivered, half.delivery.events);
    EXPECT_LT(half.delivery.events_delivered, 3000u);
    if (GetParam() == 65536) EXPECT_LT(half.delivery.events_delivered, half.delivery.events);
  }
}

TEST_P(RelayTest, ReadsAnAnswerThatItCouldNotSend) {
  const std::string body =
      R"({"id":"a","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2},"x":")" +
      std::string(10'000, 'x') + R"("})";
  if (GetParam() < 65536) return;  // the whole of it comes in one read
  const Relayed relayed = relay_all({.bytes = body, .framing = {BodyKind::kLength, body.size()}},
                                    GateMode::kObserveBody, ClientFraming::kLength, 1);
  ASSERT_TRUE(relayed.result);
  EXPECT_EQ(relayed.result->end, RelayEnd::kClientGone);
  EXPECT_EQ(relayed.facts.usage.output_tokens, 2u);
}

TEST_P(RelayTest, EveryBufferGoesBack) {
  relay_all({.bytes = kText, .framing = {BodyKind::kUntilClose, 0}, .closes = true}, GateMode::kObserveBody,
            ClientFraming::kChunked);
  EXPECT_EQ(pool_.bytes_in_use(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Cuts, RelayTest, testing::Values(1, 2, 7, 1000, 65536));

}  // namespace
}  // namespace archestra::proxy
