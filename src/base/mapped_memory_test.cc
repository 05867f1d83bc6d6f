#include "base/mapped_memory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace archestra::base {
namespace {

class MappedMemoryTest : public testing::Test {
 protected:
  MappedMemoryTest() { std::filesystem::remove(path_); }
  ~MappedMemoryTest() override { std::filesystem::remove(path_); }
  const std::string path_ = testing::TempDir() + "mapped-" + std::to_string(getpid());
};

TEST_F(MappedMemoryTest, AFileKeepsWhatWasStored) {
  {
    const auto memory = MappedMemory::create(path_, 10'000);
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory->bytes()[9999], std::byte{0});
    std::memcpy(memory->bytes().data() + 5000, "stored", 6);
  }
  const auto memory = MappedMemory::open(path_);
  ASSERT_TRUE(memory);
  ASSERT_EQ(memory->bytes().size(), 10'000u);
  EXPECT_EQ(std::memcmp(memory->bytes().data() + 5000, "stored", 6), 0);
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  EXPECT_GE(status.st_blocks * 512, 10'000) << "its blocks are taken";
}

TEST_F(MappedMemoryTest, WhatCannotBeIsAnErrorAndLeavesNothing) {
  EXPECT_EQ(MappedMemory::open(path_).error().detail, ENOENT);
  EXPECT_FALSE(MappedMemory::create(path_, std::size_t{1} << 60)) << "no disk has that much";
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE(MappedMemory::create(path_, 100));
  EXPECT_EQ(MappedMemory::create(path_, 100).error().detail, EEXIST);
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(MappedMemory::open(path_).error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(MappedMemory::open(testing::TempDir())) << "a folder";
}

TEST_F(MappedMemoryTest, MemoryAloneIsZeros) {
  auto memory = MappedMemory::anonymous(4096);
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->bytes()[4095], std::byte{0});
  MappedMemory other = std::move(*memory);
  EXPECT_TRUE(memory->bytes().empty());
  EXPECT_EQ(other.bytes().size(), 4096u);
}

}  // namespace
}  // namespace archestra::base
