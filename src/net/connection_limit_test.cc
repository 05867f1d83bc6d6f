#include "net/connection_limit.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace archestra::net {
namespace {

using Place = ConnectionLimit::Place;

TEST(ConnectionLimit, LetsThoseBeyondItAskOnce) {
  ConnectionLimit limit(2, 0);
  std::optional<Place> first = limit.take("10.0.0.1");
  const Place second = limit.take("10.0.0.1");
  EXPECT_EQ(first->admission(), Admission::kServed);
  EXPECT_EQ(second.admission(), Admission::kServed);
  EXPECT_EQ(second.over(), OverLimit::kNone);
  {
    const Place third = limit.take("10.0.0.2");
    EXPECT_EQ(third.admission(), Admission::kAsksOnce);
    EXPECT_EQ(third.over(), OverLimit::kTotal);
  }
  first.reset();
  EXPECT_EQ(limit.take("10.0.0.2").admission(), Admission::kServed);
}

TEST(ConnectionLimit, DropsWhatIsTooMuchForThat) {
  ConnectionLimit limit(1, 0);
  std::vector<Place> places;
  places.reserve(1 + ConnectionLimit::kSurplusMax);
  for (std::size_t i = 0; i < 1 + ConnectionLimit::kSurplusMax; ++i) places.push_back(limit.take(""));
  EXPECT_EQ(places.back().admission(), Admission::kAsksOnce);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(limit.take("").admission(), Admission::kDropped);
  places.pop_back();
  EXPECT_EQ(limit.take("").admission(), Admission::kAsksOnce);
  places.clear();
  EXPECT_EQ(limit.take("").admission(), Admission::kServed);
}

TEST(ConnectionLimit, CountsEachAddress) {
  ConnectionLimit limit(10, 1);
  std::optional<Place> first = limit.take("10.0.0.1");
  const Place other = limit.take("10.0.0.2");
  EXPECT_EQ(other.admission(), Admission::kServed);
  EXPECT_EQ(limit.take("10.0.0.1").over(), OverLimit::kAddress);
  EXPECT_EQ(limit.take("10.0.0.1").admission(), Admission::kAsksOnce);
  first.reset();
  EXPECT_EQ(limit.take("10.0.0.1").admission(), Admission::kServed);
}

TEST(ConnectionLimit, TakesANetworkOfIpv6ForOneAddress) {
  ConnectionLimit limit(10, 1);
  const Place first = limit.take("2001:db8:1:2::3");
  EXPECT_EQ(limit.take("2001:db8:1:2:ffff::4").over(), OverLimit::kAddress);
  EXPECT_EQ(limit.take("2001:db8:1:3::3").over(), OverLimit::kNone);
}

TEST(ConnectionLimit, RefusesOfOneAddressTakeNothingFromOthers) {
  ConnectionLimit limit(2, 1);
  const Place first = limit.take("10.0.0.1");
  const Place refused = limit.take("10.0.0.1");
  EXPECT_EQ(limit.take("10.0.0.2").admission(), Admission::kServed);
}

TEST(ConnectionLimit, ComesOutEvenAmongThreads) {
  ConnectionLimit limit(3, 2);
  std::vector<std::thread> threads;
  for (const char* ip : {"10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3"})
    threads.emplace_back([&limit, ip] {
      for (int i = 0; i < 10'000; ++i) {
        const Place one = limit.take(ip);
        const Place another = limit.take(ip);
      }
    });
  for (std::thread& thread : threads) thread.join();
  std::vector<Place> places;
  for (const char* ip : {"10.0.0.1", "10.0.0.1", "10.0.0.2"}) places.push_back(limit.take(ip));
  for (const Place& place : places) EXPECT_EQ(place.admission(), Admission::kServed);
  EXPECT_EQ(limit.take("10.0.0.3").over(), OverLimit::kTotal);
}

}  // namespace
}  // namespace archestra::net
