#include "net/resolver.h"

#include <gtest/gtest.h>

#include "net/connector.h"
#include "net/listener.h"

namespace archestra::net {
namespace {

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
    const auto stream = co_await connect(l, r, {"no-such-host.invalid", 80}, l.now() + seconds(1), nullptr);
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
      o = co_await connect(l, r, e, l.now() + seconds(5), nullptr);
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

}  // namespace
}  // namespace archestra::net
