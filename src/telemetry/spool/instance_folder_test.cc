#include "telemetry/spool/instance_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace archestra::telemetry::spool {
namespace {

namespace fs = std::filesystem;

class InstanceFolderTest : public testing::Test {
 protected:
  InstanceFolderTest() { fs::remove_all(parent_); }
  ~InstanceFolderTest() override { fs::remove_all(parent_); }
  const std::string parent_ = testing::TempDir() + "instances-" + std::to_string(getpid()) + "/telemetry";
};

TEST_F(InstanceFolderTest, IsNobodyElsesWhileItIsHeld) {
  std::string path;
  {
    const auto folder = InstanceFolder::make(parent_, "one");
    ASSERT_TRUE(folder);
    path = folder->path();
    EXPECT_TRUE(fs::is_directory(path));
    std::ofstream(path + "/file") << "x";
    EXPECT_TRUE(InstanceFolder::take_orphans(parent_).empty());
  }
  EXPECT_TRUE(fs::exists(path)) << "there is something in it";
  auto orphans = InstanceFolder::take_orphans(parent_);
  ASSERT_EQ(orphans.size(), 1u);
  EXPECT_EQ(orphans[0].path(), path);
  EXPECT_TRUE(InstanceFolder::take_orphans(parent_).empty());
  fs::remove(path + "/file");
  orphans.clear();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(InstanceFolderTest, TheSystemLetsGoOfItWhenTheProcessDies) {
  const pid_t child = fork();
  if (child == 0) {
    const auto folder = InstanceFolder::make(parent_, "child");
    std::ofstream(folder->path() + "/file") << "x";
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto own = InstanceFolder::make(parent_, "own");
  EXPECT_EQ(InstanceFolder::take_orphans(parent_).size(), 1u);
}

TEST_F(InstanceFolderTest, TheOldestComesFirst) {
  for (const char* name : {"b", "a", "c"}) {
    const auto folder = InstanceFolder::make(parent_, name);
    std::ofstream(folder->path() + "/file") << "x";
  }
  const auto orphans = InstanceFolder::take_orphans(parent_);
  ASSERT_EQ(orphans.size(), 3u);
  EXPECT_TRUE(orphans[0].path().ends_with("-b"));
  EXPECT_TRUE(orphans[2].path().ends_with("-c"));
}

TEST_F(InstanceFolderTest, AFolderThatCannotBeMadeIsAnError) {
  fs::create_directories(fs::path(parent_).parent_path());
  std::ofstream(parent_) << "a file";
  EXPECT_FALSE(InstanceFolder::make(parent_, "one"));
  EXPECT_TRUE(InstanceFolder::take_orphans(parent_).empty());
}

}  // namespace
}  // namespace archestra::telemetry::spool
