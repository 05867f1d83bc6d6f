#include "net/resolver.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "net/connector.h"
#include "net/listener.h"
#include "net/name_server_for_tests.h"

namespace archestra::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ResolverTest : public testing::Test {
 protected:
  base::Result<Addresses> resolve(std::string host, base::Duration within = seconds(10)) {
    base::Result<Addresses> out = base::fail(base::ErrorCode::kInvalid, "");
    group.spawn(
        [](Resolver& r, std::string h, base::MonotonicTime d, base::Result<Addresses>& o) -> Task<void> {
          o = co_await r.resolve(h, 80, d);
        }(resolver, host, loop.now() + within, out));
    run();
    return out;
  }
  void run() {
    for (int i = 0; i < 1000 && group.active() > 0; ++i) loop.turn(std::chrono::milliseconds(100));
    ASSERT_EQ(group.active(), 0u);
  }
  EventLoop loop;
  Resolver resolver{loop};
  TaskGroup group;
};

TEST_F(ResolverTest, NumericAddressesNeedNoLookUp) {
  const auto v4 = resolve("127.0.0.1");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->front().ip_text(), "127.0.0.1");
  EXPECT_EQ(v4->front().port(), 80);
  const auto v6 = resolve("::1");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->front().ip_text(), "::1");
}

TEST_F(ResolverTest, LocalhostComesFromTheHostsFile) {
  const auto found = resolve("localhost");
  ASSERT_TRUE(found) << found.error().text();
  for (const auto& address : *found)
    EXPECT_TRUE(address.ip_text() == "127.0.0.1" || address.ip_text() == "::1") << address.ip_text();
}

TEST_F(ResolverTest, ANameThatCannotExistIsAnErrorInTime) {
  const auto found = resolve("no-such-host.invalid", seconds(1));
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().code == base::ErrorCode::kNameNotFound ||
              found.error().code == base::ErrorCode::kTimeout)
      << found.error().text();
}

// Nobody answers at a name server that is none; but the look-up is counted only until it is given up.
TEST_F(ResolverTest, CountsWhatIsUnderWay) {
  group.spawn([](EventLoop& l, Resolver& r) -> Task<void> {
    const auto stream =
        co_await connect(l, r, nullptr, {"no-such-host.invalid", 80}, l.now() + seconds(1), nullptr);
    EXPECT_FALSE(stream);
  }(loop, resolver));
  const bool asked = group.active() > 0;  // no name server is configured here, otherwise
  EXPECT_EQ(loop.stats().dials.value(), asked ? 1 : 0);
  EXPECT_EQ(loop.stats().lookups.value(), asked ? 1 : 0);
  EXPECT_EQ(loop.stats().resolver_sockets.value() > 0, asked);
  run();
  EXPECT_EQ(loop.stats().dials.value(), 0);
  // c-ares asks on after the deadline of who waits.
  for (int i = 0; i < 300 && loop.stats().lookups.value() > 0; ++i) loop.turn(std::chrono::milliseconds(100));
  EXPECT_EQ(loop.stats().lookups.value(), 0);
}

TEST_F(ResolverTest, ConnectReachesAListenerAndNamesARefusal) {
  auto sockets = ListenSockets::bind({"127.0.0.1"}, 0);
  ASSERT_TRUE(sockets);
  int accepted = 0;
  std::uint16_t port = sockets->port();
  std::vector<std::unique_ptr<TcpStream>> held;
  base::Result<StreamPtr> stream = base::fail(base::ErrorCode::kInvalid, "");
  const auto dial = [&](const TlsContext* tls) {
    group.spawn([](EventLoop& l, Resolver& r, Endpoint e, base::Result<StreamPtr>& o) -> Task<void> {
      o = co_await connect(l, r, nullptr, e, l.now() + seconds(5), nullptr);
    }(loop, resolver, Endpoint{"localhost", port, tls}, stream));
    run();
  };
  {
    Acceptor acceptor(loop, *sockets, [&](std::unique_ptr<TcpStream> s) {
      ++accepted;
      held.push_back(std::move(s));
    });
    EXPECT_EQ(loop.stats().listening.value(), 1);
    dial(nullptr);
    ASSERT_TRUE(stream) << stream.error().text();
    loop.turn(std::chrono::milliseconds(100));
    EXPECT_EQ(accepted, 1);
    EXPECT_EQ(loop.stats().accepted.value(), 1);
    EXPECT_EQ(loop.stats().connected.value(), 1);
  }
  EXPECT_EQ(loop.stats().listening.value(), 0);
  stream = base::fail(base::ErrorCode::kInvalid, "");
  held.clear();
  EXPECT_EQ(loop.stats().accepted.value(), 0);
  EXPECT_EQ(loop.stats().connected.value(), 0);
  auto closed = std::move(*sockets);
  {
    const ListenSockets dies = std::move(closed);
  }
  dial(nullptr);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, base::ErrorCode::kRefused);
}

// --- What a name server says ------------------------------------------------------------------------------

// Lifetimes of moments, so that a test sees them pass.
constexpr ResolverOptions kBrief{.lifetime_min = milliseconds(1),
                                 .lifetime_max = milliseconds(30),
                                 .kept_after = milliseconds(400),
                                 .pause_after_failure = milliseconds(20)};

class NamesTest : public testing::Test {
 protected:
  NamesTest() { server.names["a.test"] = {"127.0.0.1"}; }

  void make(ResolverOptions options) {
    options.name_servers = {server.address()};
    resolver.emplace(loop, options);
  }
  // What calls get: each as "ip ip", or what the error says.
  std::string resolve(const std::string& host = "a.test") {
    std::string out;
    group.spawn([](NamesTest& t, std::string h, std::string& o) -> Task<void> {
      const auto found = co_await t.resolver->resolve(h, 80, t.loop.now() + seconds(20), nullptr);
      if (!found) {
        o = found.error().what;
        co_return;
      }
      for (const auto& address : *found) o += (o.empty() ? "" : " ") + address.ip_text();
    }(*this, host, out));
    waited = group.active() > 0;
    turn_until([&] { return group.active() == 0; });
    return out;
  }
  template <class Done>
  void turn_until(Done done) {
    const auto give_up = base::monotonic_now() + seconds(20);
    while (!done() && base::monotonic_now() < give_up) loop.turn(milliseconds(5));
    ASSERT_TRUE(done());
  }
  void let_pass(base::Duration time) {
    const auto end = base::monotonic_now() + time;
    turn_until([&] { return base::monotonic_now() >= end; });
  }
  // The look-up that a call left under way.
  void finish_look_up() {
    turn_until([&] { return loop.stats().lookups.value() == 0; });
  }

  EventLoop loop;
  NameServer server{loop};
  std::optional<Resolver> resolver;
  TaskGroup group;
  bool waited = false;  // the last resolve() did
};

TEST_F(NamesTest, AnAnswerIsGoodForItsTimeToLive) {
  make({});
  server.ttl_seconds = 1;
  EXPECT_EQ(resolve(), "127.0.0.1");
  EXPECT_TRUE(waited);
  server.names["a.test"] = {"127.0.0.2"};
  EXPECT_EQ(resolve(), "127.0.0.1");
  EXPECT_FALSE(waited);
  EXPECT_EQ(server.asked, 1);
  let_pass(milliseconds(1010));
  // Nobody waits for the new answer, and the next call has it.
  EXPECT_EQ(resolve(), "127.0.0.1");
  EXPECT_FALSE(waited);
  EXPECT_EQ(loop.stats().lookups.value(), 1);
  finish_look_up();
  EXPECT_EQ(server.asked, 2);
  EXPECT_EQ(resolve(), "127.0.0.2");
  EXPECT_FALSE(waited);
}

TEST_F(NamesTest, ATimeToLiveHasBounds) {
  make({.lifetime_min = milliseconds(20), .lifetime_max = milliseconds(40)});
  for (const std::uint32_t ttl : {0U, 86'400U}) {
    server.ttl_seconds = ttl;
    const int before = server.asked;
    let_pass(milliseconds(45));
    resolve();
    finish_look_up();
    EXPECT_EQ(server.asked, before + 1) << ttl;
    resolve();
    EXPECT_EQ(loop.stats().lookups.value(), 0) << ttl;
  }
  let_pass(milliseconds(45));
  resolve();
  EXPECT_EQ(loop.stats().lookups.value(), 1) << "a day, but for the upper bound";
  finish_look_up();
}

TEST_F(NamesTest, ManyCallsAskOnce) {
  make({});
  int answered = 0;
  for (int i = 0; i < 10; ++i)
    group.spawn([](EventLoop& l, Resolver& r, int& n) -> Task<void> {
      const auto found = co_await r.resolve("a.test", 80, l.now() + seconds(20), nullptr);
      EXPECT_TRUE(found);
      ++n;
    }(loop, *resolver, answered));
  turn_until([&] { return group.active() == 0; });
  EXPECT_EQ(answered, 10);
  EXPECT_EQ(server.asked, 1);
}

class TroubledNamesTest : public NamesTest, public testing::WithParamInterface<NameServer::Mood> {};

TEST_P(TroubledNamesTest, KeepTheLastAnswerForATimeAndRecover) {
  ResolverOptions options = kBrief;
  // A silent server is given up after three seconds.
  const auto kept = milliseconds(GetParam() == NameServer::Mood::kIsSilent ? 3500 : 500);
  options.kept_after = kept;
  make(options);
  ASSERT_EQ(resolve(), "127.0.0.1");
  server.mood = GetParam();
  let_pass(milliseconds(31));
  ASSERT_EQ(resolve(), "127.0.0.1");
  EXPECT_FALSE(waited);
  finish_look_up();
  EXPECT_EQ(resolve(), "127.0.0.1");  // the failure is known by now
  EXPECT_FALSE(waited);

  // Calls come all the time, and still it is not asked for each.
  const int before = server.asked;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(resolve(), "127.0.0.1");
  EXPECT_LE(server.asked, before + 2);

  let_pass(kept + milliseconds(100));
  EXPECT_NE(resolve(), "127.0.0.1") << "kept for ever";
  EXPECT_TRUE(waited);
  finish_look_up();

  server.mood = NameServer::Mood::kAnswers;
  server.names["a.test"] = {"127.0.0.3"};
  EXPECT_EQ(resolve(), "127.0.0.3");
}

INSTANTIATE_TEST_SUITE_P(Moods, TroubledNamesTest,
                         testing::Values(NameServer::Mood::kFails, NameServer::Mood::kKnowsNone,
                                         NameServer::Mood::kIsSilent));

TEST_F(NamesTest, RecoversWhileTheLastAnswerIsInUse) {
  make(kBrief);
  ASSERT_EQ(resolve(), "127.0.0.1");
  server.mood = NameServer::Mood::kFails;
  let_pass(milliseconds(31));
  ASSERT_EQ(resolve(), "127.0.0.1");
  finish_look_up();
  server.mood = NameServer::Mood::kAnswers;
  server.names["a.test"] = {"127.0.0.9"};
  let_pass(milliseconds(21));
  EXPECT_EQ(resolve(), "127.0.0.1");
  EXPECT_FALSE(waited);
  finish_look_up();
  EXPECT_EQ(resolve(), "127.0.0.9");
}

TEST_F(NamesTest, AFailureIsSaidOnce) {
  make(kBrief);
  testing::internal::CaptureStderr();
  resolve();
  server.mood = NameServer::Mood::kFails;
  for (int i = 0; i < 5; ++i) {
    let_pass(milliseconds(31));
    resolve();
    finish_look_up();
  }
  server.mood = NameServer::Mood::kAnswers;
  let_pass(milliseconds(31));
  resolve();
  finish_look_up();
  const std::string log = testing::internal::GetCapturedStderr();
  const auto count = [&log](std::string_view text) {
    int n = 0;
    for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("name look-up failed"), 1) << log;
  EXPECT_EQ(count("name found again"), 1) << log;
}

TEST_F(NamesTest, NobodyIsAskedForNumericAddresses) {
  make({});
  EXPECT_EQ(resolve("127.0.0.5"), "127.0.0.5");
  EXPECT_EQ(resolve("::1"), "::1");
  EXPECT_FALSE(waited);
  EXPECT_EQ(server.asked, 0);
}

TEST_F(NamesTest, EndsWithALookUpUnderWay) {
  make({});
  server.mood = NameServer::Mood::kIsSilent;
  Readiness gone;
  base::Result<Addresses> out = Addresses();
  group.spawn([](EventLoop& l, Resolver& r, Readiness& g, base::Result<Addresses>& o) -> Task<void> {
    o = co_await r.resolve("a.test", 80, l.now() + seconds(20), &g);
  }(loop, *resolver, gone, out));
  loop.turn(milliseconds(10));
  gone.set_gone();
  turn_until([&] { return group.active() == 0; });
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, base::ErrorCode::kCancelled);
  EXPECT_EQ(loop.stats().lookups.value(), 1);
  resolver.reset();
  EXPECT_EQ(loop.stats().lookups.value(), 0);
}

}  // namespace
}  // namespace archestra::net
