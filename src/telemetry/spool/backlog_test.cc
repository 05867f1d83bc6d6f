#include "telemetry/spool/backlog.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace archestra::telemetry::spool {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr base::WallTime kNow(100'000s);

class BacklogTest : public testing::Test {
 protected:
  BacklogTest() { fs::remove_all(parent_); }
  ~BacklogTest() override { fs::remove_all(parent_); }

  /// One process's life; it adds these entries, and sends nothing.
  void leave(std::initializer_list<int> numbers) {
    const auto folder = InstanceFolder::make(parent_, "earlier");
    Backlog backlog(options(folder->path(), "frame of an earlier one"));
    backlog.keep_on_disk();
    for (const int number : numbers) add(backlog.own(), number);
  }
  Backlog::Options options(std::string folder, std::string frame) const {
    return {.own = {.folder = std::move(folder),
                    .name = "traces",
                    .frame = std::move(frame),
                    .segment_bytes = 4096},
            .disk_bytes_max = 64 * 1024,
            .age_max = 1h};
  }
  static void add(Spool& spool, int number, base::WallTime at = kNow) {
    ASSERT_FALSE(spool.add({.at = at}, std::to_string(number)));
  }
  static void adopt_all(Backlog& backlog, const std::string& parent) {
    for (InstanceFolder& folder : InstanceFolder::take_orphans(parent))
      backlog.adopt(std::make_shared<InstanceFolder>(std::move(folder)));
  }
  std::vector<std::string> drain(Backlog& backlog) {
    std::vector<std::string> given;
    while (backlog.take(2, kNow, batch_)) {
      for (const Entry& entry : batch_.entries)
        given.push_back(std::string(entry.bytes) + " " + std::string(batch_.frame));
      backlog.settle();
    }
    return given;
  }
  std::size_t folders() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(parent_), fs::directory_iterator()));
  }

  const std::string parent_ = testing::TempDir() + "backlog-" + std::to_string(getpid());
  Batch batch_;
};

TEST_F(BacklogTest, WhatEarlierProcessesLeftGoesFirst) {
  leave({1, 2, 3});
  leave({4});
  const auto folder = InstanceFolder::make(parent_, "own");
  ASSERT_TRUE(folder);
  Backlog backlog(options(folder->path(), "own"));
  backlog.keep_on_disk();
  add(backlog.own(), 5);
  adopt_all(backlog, parent_);
  EXPECT_EQ(backlog.items(), 5u);
  EXPECT_EQ(backlog.memory_items(), 0u);
  EXPECT_EQ(backlog.disk_bytes(), 3 * 4096u);
  EXPECT_EQ(backlog.oldest_at(), kNow);
  const std::string theirs = " frame of an earlier one";
  EXPECT_EQ(drain(backlog),
            (std::vector<std::string>{"1" + theirs, "2" + theirs, "3" + theirs, "4" + theirs, "5 own"}));
  EXPECT_EQ(backlog.items(), 0u);
  EXPECT_EQ(folders(), 1u) << "theirs are gone";
  EXPECT_FALSE(backlog.take(2, kNow, batch_));
}

TEST_F(BacklogTest, WhatWaitedTooLongIsLeftOut) {
  Backlog backlog(options("", "own"));
  EXPECT_FALSE(backlog.has_folder());
  add(backlog.own(), 1, kNow - 61min);
  add(backlog.own(), 2, kNow - 59min);
  EXPECT_TRUE(backlog.is_expired(kNow - 61min, kNow));
  EXPECT_FALSE(backlog.is_expired(kNow - 60min, kNow));
  ASSERT_TRUE(backlog.take(10, kNow, batch_));
  EXPECT_EQ(batch_.expired_items, 1u);
  EXPECT_EQ(batch_.items, 1u);
  backlog.settle();
  EXPECT_EQ(backlog.items(), 0u);
}

}  // namespace
}  // namespace archestra::telemetry::spool
