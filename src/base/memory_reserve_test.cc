#include "base/memory_reserve.h"

#include <gtest/gtest.h>

#include <new>

namespace archestra::base {
namespace {

TEST(MemoryReserve, IsWhatNewFallsBackOnUntilItIsUsedUpAndComesBack) {
  EXPECT_FALSE(use_memory_aside()) << "nothing is set aside yet";
  set_memory_aside();
  const std::new_handler handler = std::get_new_handler();
  ASSERT_NE(handler, nullptr);
  {
    const WithoutMemoryAside without;
    EXPECT_FALSE(without.has_refused());
    EXPECT_THROW(handler(), std::bad_alloc);
    EXPECT_TRUE(without.has_refused());
  }
  EXPECT_NO_THROW(handler());
  EXPECT_FALSE(memory_is_short());
  for (int round = 0; round < 2; ++round) {
    int pieces = 0;
    while (pieces < 1000 && use_memory_aside()) ++pieces;
    EXPECT_GT(pieces, 1);
    EXPECT_LT(pieces, 1000);
    EXPECT_THROW(handler(), std::bad_alloc) << "new is told that there is no more";
    EXPECT_FALSE(memory_is_short()) << "this process has memory: all of it is taken back";
  }
  std::set_new_handler(nullptr);
}

}  // namespace
}  // namespace archestra::base
