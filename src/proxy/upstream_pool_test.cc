#include "proxy/upstream_pool.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/listener.h"

namespace archestra::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class UpstreamPoolTest : public testing::Test {
 protected:
  UpstreamPoolTest() {
    target.endpoint = {.host = "127.0.0.1", .port = sockets->port()};
    make({});
  }
  ~UpstreamPoolTest() override {
    callers.clear();
    pool.reset();
  }

  void make(PoolLimits limits) { pool.emplace(loop, resolver, buffers, limits); }

  // Somebody who wants a connection, in the words of Exchange::connect.
  struct Caller {
    net::Readiness gone;
    std::optional<base::Result<UpstreamPtr>> got;
    std::string text() const {
      if (!got) return "waits";
      return *got ? "connected" : got->error().text().substr(0, got->error().text().find(':'));
    }
    void drop() { got = base::fail(base::ErrorCode::kClosed, "dropped"); }
  };
  Caller& call(base::Duration within = seconds(20)) {
    Caller& caller = *callers.emplace_back(std::make_unique<Caller>());
    group.spawn(
        [](UpstreamPool& p, const Target& t, base::MonotonicTime deadline, Caller& c) -> net::Task<void> {
          if (UpstreamPtr warm = p.try_take(t)) {
            c.got = std::move(warm);
            co_return;
          }
          auto turn = co_await p.wait_for_turn(t, deadline, c.gone);
          if (!turn)
            c.got = base::fail(turn.error());
          else if (turn->connection)
            c.got = std::move(turn->connection);
          else
            c.got = co_await p.dial(std::move(turn->place), deadline, c.gone);
        }(*pool, target, loop.now() + within, caller));
    turn();
    return caller;
  }
  void give_back(Caller& caller) {
    pool->give_back(std::move(**caller.got));
    caller.drop();
    turn();
  }
  void turn() {
    for (int i = 0; i < 5; ++i) loop.turn(milliseconds(1));
  }
  template <class Done>
  void turn_until(Done done) {
    for (const auto give_up = base::monotonic_now() + seconds(20);
         !done() && base::monotonic_now() < give_up;)
      loop.turn(milliseconds(5));
    ASSERT_TRUE(done());
  }

  net::EventLoop loop;
  net::Resolver resolver{loop};
  base::BufferPool buffers;
  base::Result<net::ListenSockets> sockets = net::ListenSockets::bind({"127.0.0.1"}, 0);
  std::vector<std::unique_ptr<net::TcpStream>> accepted;
  net::Acceptor acceptor{loop, *sockets, [this](std::unique_ptr<net::TcpStream> stream) {
                           accepted.push_back(std::move(stream));
                         }};
  Target target;
  std::optional<UpstreamPool> pool;
  net::TaskGroup group;
  std::vector<std::unique_ptr<Caller>> callers;
};

TEST_F(UpstreamPoolTest, GivesTheWarmestAgain) {
  Caller& first = call();
  Caller& second = call();
  ASSERT_EQ(second.text(), "connected");
  UpstreamConnection* const warmest = second.got->value().get();
  give_back(first);
  give_back(second);
  EXPECT_EQ(call().got->value().get(), warmest);
  EXPECT_EQ(loop.stats().connected.value(), 2);
}

TEST_F(UpstreamPoolTest, DropsWhatItsPeerCloses) {
  give_back(call());
  ASSERT_EQ(accepted.size(), 1u);
  accepted.clear();
  turn_until([&] { return loop.stats().connected.value() == 0; });
}

TEST_F(UpstreamPoolTest, LooksOnceMoreAtWhatHasNotBeenUsedForAMoment) {
  give_back(call());
  const auto given = loop.now();
  while (loop.now() < given + milliseconds(20)) loop.turn(milliseconds(5));
  accepted.clear();  // and the loop does not turn before somebody wants a connection
  EXPECT_EQ(pool->try_take(target), nullptr);
  EXPECT_EQ(loop.stats().connected.value(), 0);
}

TEST_F(UpstreamPoolTest, ARetiredConnectionLeavesItsPlace) {
  make({.connections_max = 1});
  Caller& a = call();
  std::optional<UpstreamPlace> place = UpstreamConnection::retire(std::move(**a.got));
  a.drop();
  EXPECT_EQ(loop.stats().connected.value(), 0);
  Caller& b = call();
  EXPECT_EQ(b.text(), "waits");
  place.reset();
  turn_until([&] { return b.got.has_value(); });
  EXPECT_EQ(b.text(), "connected");
}

TEST_F(UpstreamPoolTest, CallsWaitInLineWhereAllPlacesAreTaken) {
  make({.connections_max = 2});
  Caller& a = call();
  Caller& b = call();
  Caller& c = call();
  Caller& d = call();
  EXPECT_EQ(b.text(), "connected");
  EXPECT_EQ(c.text(), "waits");
  UpstreamConnection* const of_a = a.got->value().get();
  give_back(a);
  ASSERT_EQ(c.text(), "connected");
  EXPECT_EQ(c.got->value().get(), of_a) << "it could have been used again";
  EXPECT_EQ(d.text(), "waits");
  b.drop();  // its end makes room for a new one
  turn_until([&] { return d.got.has_value(); });
  EXPECT_EQ(d.text(), "connected");
  EXPECT_EQ(loop.stats().connected.value(), 2);
  // Nobody waits, so it is kept, and taken without a new connection.
  give_back(c);
  EXPECT_EQ(call().text(), "connected");
  EXPECT_EQ(accepted.size(), 3u);
}

TEST_F(UpstreamPoolTest, WhoLeavesTheLineTakesNothingAlong) {
  make({.connections_max = 1});
  Caller& a = call();
  Caller& late = call(milliseconds(30));
  Caller& left = call();
  Caller& both = call();
  Caller& last = call();
  turn_until([&] { return late.got.has_value(); });
  EXPECT_EQ(late.text(), "overload");
  left.gone.set_gone();
  turn();
  EXPECT_EQ(left.text(), "cancelled");
  // Called and gone in the same turn.
  pool->give_back(std::move(**a.got));
  both.gone.set_gone();
  turn();
  EXPECT_NE(both.text(), "waits");
  if (both.text() == "connected") both.drop();
  turn_until([&] { return last.got.has_value(); });
  EXPECT_EQ(last.text(), "connected");
  last.drop();
  EXPECT_EQ(call().text(), "connected") << "a place was lost";
}

TEST_F(UpstreamPoolTest, AFailedDialFreesItsPlace) {
  make({.connections_max = 1});
  const std::uint16_t port = std::exchange(target.endpoint.port, 1);
  EXPECT_EQ(call().text(), "connection_refused");
  target.endpoint.port = port;
  EXPECT_EQ(call().text(), "connected");
}

TEST_F(UpstreamPoolTest, KeepsAnUnusedConnectionForATime) {
  make({.idle = milliseconds(50)});
  give_back(call());
  EXPECT_EQ(loop.stats().connected.value(), 1);
  turn_until([&] { return loop.stats().connected.value() == 0; });
}

TEST_F(UpstreamPoolTest, KeepsItNoLongerThanItsPeer) {
  Caller& a = call();
  a.got->value()->keep_at_most(seconds(1));  // no time to use it safely
  give_back(a);
  EXPECT_EQ(loop.stats().connected.value(), 0);

  Caller& b = call();
  b.got->value()->keep_at_most(seconds(2));
  const auto given = base::monotonic_now();
  give_back(b);
  EXPECT_EQ(loop.stats().connected.value(), 1);
  turn_until([&] { return loop.stats().connected.value() == 0; });
  const auto kept = base::monotonic_now() - given;
  EXPECT_GE(kept, milliseconds(900));
  EXPECT_LT(kept, milliseconds(1900));
}

}  // namespace
}  // namespace archestra::proxy
