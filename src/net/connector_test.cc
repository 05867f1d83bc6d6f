#include "net/connector.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/name_server_for_tests.h"

namespace archestra::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Addresses addresses_of(std::initializer_list<const char*> ips) {
  Addresses addresses;
  for (const char* ip : ips) addresses.push_back(*SocketAddress::parse(ip, 80));
  return addresses;
}

std::string text_of(const Addresses& addresses) {
  std::string text;
  for (const auto& address : addresses) text += (text.empty() ? "" : " ") + address.ip_text();
  return text;
}

TEST(OrderOfAttempts, LetsTheFamiliesTakeTurns) {
  const struct {
    Addresses addresses;
    const char* order;
  } cases[] = {
      {{}, ""},
      {addresses_of({"10.0.0.1"}), "10.0.0.1"},
      {addresses_of({"10.0.0.1", "10.0.0.2"}), "10.0.0.1 10.0.0.2"},
      {addresses_of({"::1", "::2", "::3", "10.0.0.1"}), "::1 10.0.0.1 ::2 ::3"},
      {addresses_of({"10.0.0.1", "::1", "::2", "::3"}), "10.0.0.1 ::1 ::2 ::3"},
      {addresses_of({"::1", "::2", "10.0.0.1", "10.0.0.2", "10.0.0.3"}),
       "::1 10.0.0.1 ::2 10.0.0.2 10.0.0.3"},
  };
  for (const auto& c : cases) EXPECT_EQ(text_of(order_of_attempts(c.addresses)), c.order);
}

TEST(OrderOfAttempts, IsBoundedAndLeavesNoFamilyOut) {
  Addresses many;
  for (int i = 1; i <= 100; ++i) many.push_back(*SocketAddress::parse("fd00::" + std::to_string(i), 80));
  many.push_back(*SocketAddress::parse("10.0.0.1", 80));
  const Addresses order = order_of_attempts(many);
  ASSERT_EQ(order.size(), kAttemptsMax);
  EXPECT_EQ(order[1].ip_text(), "10.0.0.1");
}

// A socket of the kernel's that listens; all on one port, each on an address of its own.
class Listening {
 public:
  Listening(const char* ip, std::uint16_t port, int backlog = 16)
      : address_(*SocketAddress::parse(ip, port)),
        fd_(::socket(address_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ARCHESTRA_ASSERT(::bind(fd_, address_.get(), address_.length) == 0, "an address to listen at");
    ARCHESTRA_ASSERT(::listen(fd_, backlog) == 0, "it listens");
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_.storage), &address_.length);
  }
  Listening(const Listening&) = delete;
  ~Listening() {
    for (const int fd : queued_) ::close(fd);
    ::close(fd_);
  }
  std::uint16_t port() const { return address_.port(); }
  int fd() const { return fd_; }

  /// Nobody accepts, and the queue is full: from now on the kernel drops who wants to connect.
  void swallow() {
    for (int i = 0; i < 4; ++i) {
      const int fd = ::socket(address_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      [[maybe_unused]] const int begun = ::connect(fd, address_.get(), address_.length);
      queued_.push_back(fd);
    }
  }

 private:
  SocketAddress address_;
  const int fd_;
  std::vector<int> queued_;
};

class ConnectorTest : public testing::Test {
 protected:
  ConnectorTest() { resolver.emplace(loop, ResolverOptions{.name_servers = {server.address()}}); }

  // Begins to connect to the name's addresses; finish() waits for what comes of it.
  void begin(std::vector<std::string> addresses, std::uint16_t port, base::Duration within = seconds(10)) {
    server.names["host.test"] = std::move(addresses);
    began = base::monotonic_now();
    group.spawn([](ConnectorTest& t, EventLoop& l, Resolver& r, std::uint16_t p, base::MonotonicTime d,
                   Readiness& gone) -> Task<void> {
      t.take(co_await connect(l, r, nullptr, {.host = "host.test", .port = p}, d, &gone));
    }(*this, loop, *resolver, port, began + within, client_gone));
  }
  void finish() {
    while (group.active() > 0 && base::monotonic_now() < began + seconds(20)) loop.turn(milliseconds(5));
    ASSERT_EQ(group.active(), 0u);
  }
  void turn_for(base::Duration time) {
    for (const auto end = base::monotonic_now() + time; base::monotonic_now() < end;)
      loop.turn(milliseconds(5));
  }
  base::ErrorCode error() const { return stream->error().code; }

 public:
  void take(base::Result<StreamPtr> result) {
    stream.emplace(std::move(result));
    took = base::monotonic_now() - began;
  }

 protected:
  EventLoop loop;
  NameServer server{loop};
  std::optional<Resolver> resolver;
  TaskGroup group;
  Readiness client_gone;
  base::MonotonicTime began;
  base::Duration took{};
  std::optional<base::Result<StreamPtr>> stream;
};

constexpr const char* kFirst = "127.0.0.2";
constexpr const char* kSecond = "127.0.0.3";
constexpr const char* kThird = "127.0.0.4";

TEST_F(ConnectorTest, TriesTheNextWhereOneSwallowsEverything) {
  Listening dead(kFirst, 0, 0);
  dead.swallow();
  const Listening alive(kSecond, dead.port());
  begin({kFirst, kSecond}, dead.port());
  finish();
  ASSERT_TRUE(*stream) << stream->error().text();
  EXPECT_GE(took, kAttemptDelay);
  EXPECT_LT(took, kAttemptDelay * 2);
  EXPECT_EQ(loop.stats().connected.value(), 1) << "the other attempt is still open";
}

TEST_F(ConnectorTest, TriesTheNextAtOnceWhereOneRefuses) {
  const Listening alive(kThird, 0);
  begin({kFirst, kSecond, kThird}, alive.port());
  finish();
  ASSERT_TRUE(*stream) << stream->error().text();
  EXPECT_LT(took, kAttemptDelay);
}

TEST_F(ConnectorTest, TriesTheNextAtOnceWhereOneCannotEvenBegin) {
  // A multicast address fails within connect(2).
  Listening dead(kFirst, 0, 0);
  dead.swallow();
  const Listening alive(kSecond, dead.port());
  begin({kFirst, "224.0.0.1", kSecond}, dead.port());
  finish();
  ASSERT_TRUE(*stream) << stream->error().text();
  EXPECT_LT(took, kAttemptDelay * 2);
}

TEST_F(ConnectorTest, TheFirstThatAnswersWinsEvenIfItWasNotTheLast) {
  Listening slow(kFirst, 0, 0);
  slow.swallow();
  Listening dead(kSecond, slow.port(), 0);
  dead.swallow();
  begin({kFirst, kSecond}, slow.port());
  turn_for(kAttemptDelay + milliseconds(50));
  ASSERT_EQ(loop.stats().connected.value(), 2);
  // Room in the queue of the first: the kernel's next SYN, a second after the first one, gets through.
  const int queued = ::accept4(slow.fd(), nullptr, nullptr, SOCK_CLOEXEC);
  ASSERT_GE(queued, 0);
  ::close(queued);
  finish();
  ASSERT_TRUE(*stream) << stream->error().text();
  EXPECT_EQ(loop.stats().connected.value(), 1);
}

TEST_F(ConnectorTest, TellsARefusalWhereAllFail) {
  std::uint16_t port = 0;
  {
    const Listening gone(kFirst, 0);
    port = gone.port();
  }
  begin({kFirst, "224.0.0.1"}, port);
  finish();
  ASSERT_FALSE(*stream);
  EXPECT_EQ(error(), base::ErrorCode::kRefused);
  EXPECT_EQ(loop.stats().connected.value(), 0);
}

TEST_F(ConnectorTest, EndsAtTheDeadline) {
  Listening dead(kFirst, 0, 0);
  dead.swallow();
  begin({kFirst}, dead.port(), milliseconds(300));
  finish();
  ASSERT_FALSE(*stream);
  EXPECT_EQ(error(), base::ErrorCode::kTimeout);
  EXPECT_GE(took, milliseconds(300));
  EXPECT_EQ(loop.stats().connected.value(), 0);
}

TEST_F(ConnectorTest, LeavesNothingBehindWhereNobodyWaitsAnyMore) {
  Listening dead(kFirst, 0, 0);
  dead.swallow();
  Listening other(kSecond, dead.port(), 0);
  other.swallow();
  begin({kFirst, kSecond}, dead.port());
  turn_for(kAttemptDelay + milliseconds(50));
  EXPECT_EQ(loop.stats().connected.value(), 2);
  EXPECT_EQ(loop.stats().dials.value(), 1);
  client_gone.set_gone();
  finish();
  ASSERT_FALSE(*stream);
  EXPECT_EQ(error(), base::ErrorCode::kCancelled);
  EXPECT_EQ(loop.stats().connected.value(), 0);
  EXPECT_EQ(loop.stats().dials.value(), 0);
}

TEST_F(ConnectorTest, IPv4StandsInForIPv6AndTheOtherWayRound) {
  const Listening v4("127.0.0.1", 0);
  begin({"::1", "127.0.0.1"}, v4.port());
  finish();
  EXPECT_TRUE(*stream) << stream->error().text();
  stream.reset();
  const Listening v6("::1", 0);
  resolver.emplace(loop, ResolverOptions{.name_servers = {server.address()}});
  begin({"127.0.0.1", "::1"}, v6.port());
  finish();
  EXPECT_TRUE(*stream) << stream->error().text();
}

}  // namespace
}  // namespace archestra::net
