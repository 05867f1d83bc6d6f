#include "base/buffer_pool.h"

#include <gtest/gtest.h>

namespace archestra::base {
namespace {

TEST(BufferPool, RoundsUpToSizeClasses) {
  BufferPool pool;
  EXPECT_EQ(pool.take(1).size(), 16u << 10);
  EXPECT_EQ(pool.take(16 << 10).size(), 16u << 10);
  EXPECT_EQ(pool.take((16 << 10) + 1).size(), 32u << 10);
  EXPECT_EQ(pool.take(4 << 20).size(), 4u << 20);
  EXPECT_EQ(pool.take((4 << 20) + 1).size(), (4u << 20) + 1);
}

TEST(BufferPool, ReusesTheLastBlockFirst) {
  BufferPool pool;
  Buffer first = pool.take();
  Buffer second = pool.take();
  char* const last = second.data();
  first.release();
  second.release();
  EXPECT_EQ(pool.take().data(), last);
}

TEST(BufferPool, CountsWhatIsOnLoanAndKeepsAtMostTheIdleBound) {
  BufferPool pool(32 << 10);
  {
    Buffer a = pool.take();
    Buffer b = pool.take();
    Buffer c = pool.take();
    EXPECT_EQ(pool.bytes_in_use(), 48u << 10);
    Buffer moved = std::move(a);
    EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): the moved-from state is what is tested
    EXPECT_EQ(pool.bytes_in_use(), 48u << 10);
  }
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  EXPECT_EQ(pool.bytes_idle(), 32u << 10);
}

// As often as it takes from the first look on: what is in use at times stays.
TEST(BufferPool, TrimsWhatWasNotNeeded) {
  BufferPool pool;
  {
    std::vector<Buffer> crowd;
    crowd.reserve(11);
    for (int i = 0; i < 10; ++i) crowd.push_back(pool.take());
    crowd.push_back(pool.take(100'000));
  }
  const std::size_t idle = pool.bytes_idle();
  EXPECT_EQ(idle, 10 * BufferPool::kSmallest + 8 * BufferPool::kSmallest);
  EXPECT_EQ(pool.trim(), 0u) << "all of it was needed since the pool is there";
  {
    const Buffer a = pool.take();
    const Buffer b = pool.take();
  }
  EXPECT_EQ(pool.trim(), 8 * BufferPool::kSmallest + 8 * BufferPool::kSmallest);
  EXPECT_EQ(pool.bytes_idle(), 2 * BufferPool::kSmallest);
  EXPECT_EQ(pool.stats().bytes_idle.value(), static_cast<std::int64_t>(2 * BufferPool::kSmallest));
  EXPECT_EQ(pool.trim(), 2 * BufferPool::kSmallest);
  EXPECT_EQ(pool.trim(), 0u);
  EXPECT_TRUE(pool.take());
}

}  // namespace
}  // namespace archestra::base
