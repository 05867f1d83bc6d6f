#include "telemetry/history/recent_calls.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <string>

namespace archestra::telemetry {
namespace {

base::SpanId id_of_number(std::uint64_t number) {
  base::SpanId id;
  std::memcpy(id.bytes.data(), &number, sizeof number);
  return id;
}

base::WallTime time_of(std::uint64_t number) {
  return base::WallTime(std::chrono::seconds(static_cast<std::int64_t>(number)));
}

std::string text_of(const CopiedCalls& calls, const CopiedCalls::Call& call) {
  const auto record = calls.record(call);
  return {reinterpret_cast<const char*>(record.data()), record.size()};
}

void add(RecentCalls& calls, std::uint64_t number, const std::string& text) {
  calls.add(std::as_bytes(std::span(text)), id_of_number(number), time_of(number));
}

TEST(RecentCallsTest, NewestFirstByPages) {
  RecentCalls calls(10'000);
  CopiedCalls page;
  calls.copy_before(UINT64_MAX, 100, page);
  EXPECT_TRUE(page.calls().empty());
  EXPECT_EQ(calls.held().calls, 0u);
  for (std::uint64_t i = 1; i <= 10; ++i) add(calls, i, "call " + std::to_string(i));
  EXPECT_EQ(calls.held().calls, 10u);
  EXPECT_EQ(calls.held().oldest, time_of(1));
  std::uint64_t expected = 10;
  for (std::uint64_t before = UINT64_MAX;;) {
    calls.copy_before(before, 20, page);
    if (page.calls().empty()) break;
    EXPECT_LE(page.calls().size(), 4u);
    for (const CopiedCalls::Call& call : page.calls()) {
      EXPECT_EQ(call.number, expected);
      EXPECT_EQ(text_of(page, call), "call " + std::to_string(expected--));
      before = call.number;
    }
  }
  EXPECT_EQ(expected, 0u);
  calls.copy(id_of_number(7), page);
  ASSERT_EQ(page.calls().size(), 1u);
  EXPECT_EQ(text_of(page, page.calls()[0]), "call 7");
  calls.copy(id_of_number(11), page);
  EXPECT_TRUE(page.calls().empty());
}

// Compared with a plain list of what was added.
TEST(RecentCallsTest, KeepsAsManyOfTheLastAsFit) {
  const std::uint64_t seed = base::Random::from_entropy().next();
  base::Random random(seed);
  for (int round = 0; round < 20; ++round) {
    const std::size_t bytes_max = 1000 + random.below(3000);
    RecentCalls calls(bytes_max);
    std::deque<std::string> all;
    CopiedCalls copied;
    for (std::uint64_t i = 1; i <= 500; ++i) {
      all.push_back(std::string(1 + random.below(400), static_cast<char>('a' + i % 26)));
      add(calls, i, all.back());
      calls.copy_before(UINT64_MAX, SIZE_MAX, copied);
      ASSERT_GE(copied.calls().size(), 1u) << "seed " << seed;
      ASSERT_EQ(copied.calls().size(), calls.held().calls);
      std::size_t bytes = 0;
      for (std::size_t k = 0; k < copied.calls().size(); ++k) {
        ASSERT_EQ(copied.calls()[k].number, i - k) << "seed " << seed;
        ASSERT_EQ(text_of(copied, copied.calls()[k]), all[i - k - 1]) << "seed " << seed;
        bytes += copied.calls()[k].size;
      }
      ASSERT_LE(bytes, bytes_max);
      if (copied.calls().size() < i) ASSERT_GT(bytes + 2 * 400, bytes_max) << "seed " << seed;
    }
  }
}

TEST(RecentCallsTest, NoMoreThanItsNumber) {
  RecentCalls calls(std::size_t{1} << 20);
  for (std::uint64_t i = 1; i <= RecentCalls::kCallsMax + 5; ++i) add(calls, i, "x");
  EXPECT_EQ(calls.held().calls, RecentCalls::kCallsMax);
  EXPECT_EQ(calls.held().oldest, time_of(6));
}

TEST(RecentCallsTest, LeavesOutWhatIsTooLarge) {
  RecentCalls calls(1000);
  add(calls, 1, std::string(1000, 'a'));
  EXPECT_EQ(calls.held().calls, 1u);
  add(calls, 2, std::string(1001, 'b'));
  EXPECT_EQ(calls.held().calls, 1u);
}

}  // namespace
}  // namespace archestra::telemetry
