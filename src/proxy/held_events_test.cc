#include "proxy/held_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace archestra::proxy {
namespace {

constexpr std::size_t kNoLimit = std::size_t{1} << 40;

std::vector<std::string> events_of(const HeldEvents& held) {
  std::vector<std::string> events;
  held.for_each([&](std::string_view event) { events.emplace_back(event); });
  return events;
}

TEST(HeldEvents, KeepsThemInOrder) {
  base::BufferPool pool;
  HeldEvents held(pool, std::size_t{1} << 20, kNoLimit);
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(held.whole(), "");
  EXPECT_TRUE(held.try_add("", "data: 1\n\n"));
  EXPECT_TRUE(held.try_add(",\n", "{}"));
  EXPECT_TRUE(held.try_add(" ", ""));
  EXPECT_FALSE(held.empty());
  EXPECT_EQ(held.whole(), "data: 1\n\n,\n{} ");
  EXPECT_THAT(events_of(held), testing::ElementsAre("data: 1\n\n", "{}", ""));
  held.clear();
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(held.whole(), "");
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST(HeldEvents, GrowsAndKeepsWhatItHas) {
  base::BufferPool pool;
  HeldEvents held(pool, std::size_t{1} << 20, kNoLimit);
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    const std::string event = std::string(100, static_cast<char>('a' + i % 26)) + "\n";
    ASSERT_TRUE(held.try_add("", event));
    all += event;
  }
  EXPECT_EQ(held.whole(), all);
}

TEST(HeldEvents, RefusesWhatThereIsNoRoomForAndKeepsTheRest) {
  base::BufferPool pool;
  HeldEvents held(pool, 100, kNoLimit);
  EXPECT_TRUE(held.try_add("", std::string(60, 'a')));
  EXPECT_FALSE(held.try_add("", std::string(60, 'b')));
  EXPECT_EQ(held.whole(), std::string(60, 'a'));
  // Many that are empty are not for nothing either.
  std::size_t count = 0;
  while (held.try_add("", "")) ++count;
  EXPECT_LT(count, 5u);

  HeldEvents poor(pool, kNoLimit, pool.bytes_in_use() + base::BufferPool::kSmallest);
  EXPECT_TRUE(poor.try_add("", std::string(base::BufferPool::kSmallest, 'a')));
  EXPECT_FALSE(poor.try_add("", "b"));
  EXPECT_EQ(poor.whole().size(), base::BufferPool::kSmallest);
}

}  // namespace
}  // namespace archestra::proxy
