#include "telemetry/spool/spool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/spool/test_version.h"

namespace archestra::telemetry::spool {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr base::WallTime kNever{};  // nothing is too old

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SpoolTest() override { fs::remove_all(folder_); }

  std::unique_ptr<Spool> make(std::uint64_t memory_items_max = 100) {
    return std::make_unique<Spool>(Spool::Options{.folder = folder_,
                                                  .name = "traces",
                                                  .frame = "frame",
                                                  .segment_bytes = 4096,
                                                  .memory_items_max = memory_items_max},
                                   budget_);
  }
  std::unique_ptr<Spool> make_on_disk() {
    auto spool = make();
    spool->keep_on_disk();
    return spool;
  }
  /// Entries of a kilobyte: three make a segment.
  static std::optional<Refusal> add(Spool& spool, int number, int seconds = 0) {
    std::string text = std::to_string(number) + " ";
    text.resize(1000, '.');
    return spool.add({.items = 2, .at = base::WallTime(std::chrono::seconds(1000 + seconds))}, text);
  }
  static std::vector<int> numbers(const Batch& batch) {
    std::vector<int> found;
    for (const Entry& entry : batch.entries) found.push_back(std::stoi(std::string(entry.bytes)));
    return found;
  }
  /// Takes and settles all there is.
  std::vector<int> drain(Spool& spool) {
    std::vector<int> all;
    while (spool.take(4, kNever, batch_)) {
      EXPECT_EQ(batch_.frame, "frame");
      for (const int number : numbers(batch_)) all.push_back(number);
      lost_ += batch_.lost_items;
      spool.settle();
    }
    EXPECT_EQ(spool.items(), 0u);
    return all;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  const std::string folder_ = testing::TempDir() + "spool-" + std::to_string(getpid());
  DiskBudget budget_{.bytes_max = 10 * 4096};
  Batch batch_;
  std::uint64_t lost_ = 0;
};

TEST_F(SpoolTest, InMemoryItHoldsAsManyItemsAsItMay) {
  const auto spool = make(5);
  EXPECT_FALSE(add(*spool, 1));
  EXPECT_FALSE(add(*spool, 2));
  EXPECT_EQ(add(*spool, 3), Refusal::kMemoryFull);
  EXPECT_EQ(spool->items(), 4u);
  EXPECT_EQ(spool->memory_items(), 4u);
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(drain(*spool), (std::vector{1, 2}));
  EXPECT_FALSE(add(*spool, 3));
  EXPECT_EQ(drain(*spool), std::vector{3});
}

TEST_F(SpoolTest, InMemoryItTakesAsManyBytesAsItMay) {
  Spool spool({.frame = "frame", .segment_bytes = 4096, .memory_bytes_max = 3 * 4096}, budget_);
  int added = 0;
  while (!add(spool, added)) ++added;
  EXPECT_EQ(added, 9);
  EXPECT_EQ(add(spool, 9), Refusal::kMemoryFull);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(spool.take(4, kNever, batch_));
    spool.settle();
  }
  EXPECT_FALSE(add(spool, 9)) << "a segment became free";
  EXPECT_EQ(drain(spool).back(), 9);
}

TEST_F(SpoolTest, GivesBatchesOfItsLimitOldestFirst) {
  const auto spool = make_on_disk();
  EXPECT_FALSE(spool->take(4, kNever, batch_));
  for (int i = 0; i < 5; ++i) ASSERT_FALSE(add(*spool, i, i));
  EXPECT_EQ(spool->oldest_at(), base::WallTime(1000s));
  ASSERT_TRUE(spool->take(5, kNever, batch_));
  EXPECT_EQ(numbers(batch_), (std::vector{0, 1})) << "a third one would have a sixth item";
  EXPECT_EQ(batch_.items, 4u);
  EXPECT_EQ(batch_.bytes, 2000u);
  EXPECT_EQ(batch_.newest_at, base::WallTime(1001s));
  EXPECT_EQ(spool->items(), 10u) << "not settled";
  spool->settle();
  EXPECT_EQ(spool->items(), 6u);
  EXPECT_EQ(spool->oldest_at(), base::WallTime(1002s));
  ASSERT_TRUE(spool->take(1, kNever, batch_));
  EXPECT_EQ(numbers(batch_), std::vector{2}) << "one alone may have more";
  spool->settle();
  EXPECT_EQ(drain(*spool), (std::vector{3, 4}));
  EXPECT_FALSE(spool->oldest_at());
}

TEST_F(SpoolTest, WhileTheCollectorKeepsUpThereIsOneFile) {
  const auto spool = make_on_disk();
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE(add(*spool, i));
    EXPECT_EQ(drain(*spool), std::vector{i});
  }
  EXPECT_EQ(files(), 1u);
  // And two, where something is under way as more comes.
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE(add(*spool, i));
    ASSERT_TRUE(spool->take(1, kNever, batch_));
    if (i < 99) ASSERT_FALSE(add(*spool, i));
    spool->settle();
    ASSERT_TRUE(i == 99 || spool->take(1, kNever, batch_));
    spool->settle();
  }
  EXPECT_LE(files(), 2u);
  EXPECT_EQ(budget_.bytes, files() * 4096);
}

TEST_F(SpoolTest, OutlivesItsProcess) {
  {
    const auto spool = make_on_disk();
    for (int i = 0; i < 20; ++i) ASSERT_FALSE(add(*spool, i));
    ASSERT_TRUE(spool->take(8, kNever, batch_));
    spool->settle();
    ASSERT_TRUE(spool->take(4, kNever, batch_));  // and killed before the answer
  }
  budget_.bytes = 0;
  const auto spool = make();
  EXPECT_EQ(spool->unreadable_files(), 0u);
  EXPECT_EQ(budget_.bytes, files() * 4096);
  std::vector<int> expected;
  for (int i = 20 - static_cast<int>(spool->items()) / 2; i < 20; ++i) expected.push_back(i);
  EXPECT_EQ(drain(*spool), expected);
  EXPECT_EQ(expected.front(), 3) << "what was settled does not come again";
  EXPECT_EQ(lost_, 0u);
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(budget_.bytes, 0u);
}

TEST_F(SpoolTest, MayGoOnWithTheFrameThatItFinds) {
  const Spool::Options options{
      .folder = folder_, .name = "traces", .frame = "another", .segment_bytes = 4096};
  ASSERT_FALSE(add(*make_on_disk(), 1));
  EXPECT_EQ(Spool(options, budget_).frame(), "another");
  Spool::Options keeping = options;
  keeping.keeps_found_frame = true;
  Spool spool(keeping, budget_);
  EXPECT_EQ(spool.frame(), "frame");
  ASSERT_FALSE(add(spool, 2));
  EXPECT_EQ(drain(spool), (std::vector{1, 2}));
}

TEST_F(SpoolTest, LeavesNoFileThatHoldsNothing) {
  {
    const auto spool = make_on_disk();
    for (int i = 0; i < 20; ++i) ASSERT_FALSE(add(*spool, i));
    drain(*spool);
    EXPECT_GT(files(), 0u);
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(SpoolTest, NoMoreDiskThanItMay) {
  const auto spool = make_on_disk();
  int added = 0;
  while (!add(*spool, added)) ++added;
  EXPECT_EQ(add(*spool, added), Refusal::kDiskLimit);
  EXPECT_EQ(added, 30);
  EXPECT_EQ(files(), 10u);
  EXPECT_EQ(budget_.bytes, budget_.bytes_max);
  ASSERT_TRUE(spool->take(6, kNever, batch_));
  spool->settle();
  EXPECT_FALSE(add(*spool, added++)) << "the file that became free is used again";
  EXPECT_EQ(drain(*spool).size(), static_cast<std::size_t>(added - 3));
}

TEST_F(SpoolTest, ADiskThatTakesNothingMeansMemory) {
  const auto spool = make(6);
  fs::remove_all(folder_);  // as good as a full disk
  spool->keep_on_disk();
  EXPECT_FALSE(add(*spool, 0));
  EXPECT_FALSE(add(*spool, 1));
  EXPECT_EQ(spool->memory_items(), 4u);
  fs::create_directories(folder_);
  EXPECT_FALSE(add(*spool, 2)) << "not asked again so soon";
  EXPECT_EQ(add(*spool, 3), Refusal::kDiskFull);
  while (add(*spool, 3)) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(spool->memory_items(), 6u);
  EXPECT_EQ(drain(*spool), (std::vector{0, 1, 2, 3})) << "in their order";
}

TEST_F(SpoolTest, WhatIsTooOldIsLeftOutAndCounted) {
  const auto spool = make_on_disk();
  for (int i = 0; i < 8; ++i) ASSERT_FALSE(add(*spool, i, i));
  std::uint64_t expired = 0;
  std::vector<int> given;
  while (spool->take(4, base::WallTime(1005s), batch_)) {
    expired += batch_.expired_items;
    for (const int number : numbers(batch_)) given.push_back(number);
    spool->settle();
  }
  EXPECT_EQ(given, (std::vector{5, 6, 7}));
  EXPECT_EQ(expired, 10u);
  EXPECT_EQ(spool->items(), 0u);
}

TEST_F(SpoolTest, TellsWhereTheLastEntryCameFrom) {
  {
    const auto spool = make_on_disk();
    EXPECT_FALSE(spool->last_source());
    for (std::uint32_t i = 1; i < 9; ++i)
      ASSERT_FALSE(spool->add({.ring = i % 2, .ring_end = i * 8}, std::string(1000, 'x')));
  }
  const auto spool = make();
  ASSERT_TRUE(spool->last_source());
  EXPECT_EQ(spool->last_source()->ring, 0u);
  EXPECT_EQ(spool->last_source()->ring_end, 64u);
}

TEST_F(SpoolTest, RefusesWhatNoSegmentCouldHold) {
  const auto spool = make_on_disk();
  EXPECT_EQ(spool->add({}, std::string(4096, 'x')), Refusal::kTooLarge);
  ASSERT_FALSE(add(*spool, 1));
  EXPECT_EQ(drain(*spool), std::vector{1});
}

TEST_F(SpoolTest, FilesThatMakeNoSenseAreTakenAway) {
  {
    const auto spool = make_on_disk();
    for (int i = 0; i < 5; ++i) ASSERT_FALSE(add(*spool, i));
  }
  std::ofstream(folder_ + "/traces-000000000000.spool") << "no segment";
  std::ofstream(folder_ + "/traces-99999999999999999999999999999.spool") << "";
  std::ofstream(folder_ + "/notes.txt") << "somebody else's";
  const auto spool = make();
  EXPECT_EQ(spool->unreadable_files(), 1u);
  EXPECT_EQ(drain(*spool), (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(files(), 2u);
}

TEST_F(SpoolTest, OfAFileOfAnotherVersionTheItemsAreCounted) {
  {
    const auto spool = make_on_disk();
    for (int i = 0; i < 9; ++i) ASSERT_FALSE(add(*spool, i));
  }
  {
    auto memory = base::MappedMemory::open(folder_ + "/traces-000000000002.spool");
    ASSERT_TRUE(memory);
    write_as_version(reinterpret_cast<char*>(memory->bytes().data()), 0);
  }
  const auto spool = make();
  EXPECT_EQ(spool->unreadable_files(), 0u);
  EXPECT_EQ(spool->items(), 18u);
  EXPECT_EQ(drain(*spool), (std::vector{0, 1, 2, 6, 7, 8}));
  EXPECT_EQ(lost_, 6u);
  EXPECT_EQ(files(), 0u);
}

TEST_F(SpoolTest, AFileThatVanishesIsCounted) {
  const auto spool = make_on_disk();
  for (int i = 0; i < 9; ++i) ASSERT_FALSE(add(*spool, i));
  fs::remove(folder_ + "/traces-000000000002.spool");
  EXPECT_EQ(drain(*spool), (std::vector{0, 1, 2, 6, 7, 8}));
  EXPECT_EQ(lost_, 6u);
}

}  // namespace
}  // namespace archestra::telemetry::spool
