#include "telemetry/runtime/memory_keeper.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "telemetry/metrics/test_scrape.h"
#include "telemetry/runtime/heap.h"
#include "telemetry/runtime/runtime_metrics.h"

namespace archestra::telemetry {
namespace {

class MemoryKeeperTest : public testing::Test {
 protected:
  std::int64_t purges() {
    return sum_of(values_in(scrape_.collect(), Metric::kNodejsGcDuration), R"(kind="allocator")");
  }

  RuntimeMetrics metrics_;
  MemoryKeeper keeper_{metrics_};
  Scrape scrape_{{&metrics_.series()}, "1.2.3", base::monotonic_now, &metrics_};
};

std::vector<std::unique_ptr<char[]>> take_memory() {
  constexpr std::size_t kBlock = std::size_t{16} << 10;
  std::vector<std::unique_ptr<char[]>> blocks;
  for (std::size_t bytes = 0; bytes < std::size_t{32} << 20; bytes += kBlock) {
    blocks.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
    std::memset(blocks.back().get(), 1, kBlock);
  }
  return blocks;
}

TEST_F(MemoryKeeperTest, PurgesWhatStaysUnused) {
  purge_heap();
  keeper_.look();
  keeper_.look();
  ASSERT_EQ(purges(), 0) << "there is nothing to give back";
  auto memory = take_memory();
  keeper_.look();
  keeper_.look();
  EXPECT_EQ(purges(), 0) << "it is in use";
  memory.clear();
  keeper_.look();
  EXPECT_EQ(purges(), 0) << "it may be needed again at once";
  keeper_.look();
  EXPECT_EQ(purges(), 1);
  EXPECT_LT(read_heap().unused_bytes, MemoryKeeper::kHeapBytesMin);
  keeper_.look();
  keeper_.look();
  EXPECT_EQ(purges(), 1);
}

TEST_F(MemoryKeeperTest, AsksForBuffersOnlyWhereManyAreIdle) {
  base::BufferPool pool;
  int asked = 0;
  keeper_.add_pool(pool.stats(), [&] { ++asked; });
  pool.take(MemoryKeeper::kBufferBytesMin / 2).release();
  keeper_.look();
  EXPECT_EQ(asked, 0);
  pool.take(MemoryKeeper::kBufferBytesMin).release();
  keeper_.look();
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace archestra::telemetry
