#include "telemetry/runtime/heap.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

namespace archestra::telemetry {
namespace {

constexpr std::size_t kBlock = std::size_t{16} << 10;
constexpr std::size_t kBytes = std::size_t{64} << 20;

std::vector<std::unique_ptr<char[]>> take_memory() {
  std::vector<std::unique_ptr<char[]>> blocks;
  for (std::size_t i = 0; i < kBytes / kBlock; ++i) {
    blocks.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
    std::memset(blocks.back().get(), 1, kBlock);
  }
  return blocks;
}

TEST(Heap, ShowsWhatIsHandedOut) {
  const HeapFigures before = read_heap();
  auto blocks = take_memory();
  const HeapFigures full = read_heap();
  EXPECT_GE(full.used_bytes, before.used_bytes + kBytes);
  EXPECT_LT(full.used_bytes, before.used_bytes + kBytes * 5 / 4);
  EXPECT_GE(full.held_bytes, full.used_bytes);
  blocks.clear();
  EXPECT_LT(read_heap().used_bytes, before.used_bytes + kBytes / 8);
}

TEST(Heap, GivesBackWhatNobodyUses) {
  purge_heap();
  auto blocks = take_memory();
  read_heap();  // where the allocator does not know what it could give back, it is seen from this
  blocks.clear();
  const HeapFigures freed = read_heap();
  EXPECT_GT(freed.unused_bytes, kBytes / 2);
  purge_heap();
  const HeapFigures purged = read_heap();
  EXPECT_LT(purged.unused_bytes, kBytes / 8);
  if (allocator_name() == "jemalloc")  // a sanitizer's heap size is that of its address space
    EXPECT_LT(purged.held_bytes, freed.held_bytes - kBytes / 2);
}

}  // namespace
}  // namespace archestra::telemetry
