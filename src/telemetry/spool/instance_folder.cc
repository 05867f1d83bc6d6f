#include "telemetry/spool/instance_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/clock.h"

namespace archestra::telemetry::spool {
namespace {

namespace fs = std::filesystem;

// Somebody may find a folder between its making and its locking, take it for an orphan, and remove it.
constexpr int kTries = 10;

bool is_still_there(const std::string& path, int descriptor) {
  struct stat by_path{};
  struct stat by_descriptor{};
  return ::stat(path.c_str(), &by_path) == 0 && ::fstat(descriptor, &by_descriptor) == 0 &&
         by_path.st_ino == by_descriptor.st_ino && by_path.st_dev == by_descriptor.st_dev;
}

}  // namespace

base::Result<InstanceFolder> InstanceFolder::hold(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return base::fail(base::ErrorCode::kSystem, "open a folder", errno);
  InstanceFolder folder(path, descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 || !is_still_there(path, descriptor)) {
    const int err = errno;
    ::close(std::exchange(folder.descriptor_, -1));
    return base::fail(base::ErrorCode::kSystem, "lock a folder", err);
  }
  return folder;
}

base::Result<InstanceFolder> InstanceFolder::make(const std::string& parent, const std::string& instance) {
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) return base::fail(base::ErrorCode::kSystem, "make a folder", error.value());
  base::Result<InstanceFolder> folder = base::fail(base::ErrorCode::kSystem, "make a folder");
  for (int i = 0; i < kTries && !folder; ++i) {
    // By name they are in the order of time.
    const std::string path =
        fmt::format("{}/{:020}-{}", parent, base::unix_nanos(base::wall_now()), instance);
    if (::mkdir(path.c_str(), S_IRWXU) != 0)
      return base::fail(base::ErrorCode::kSystem, "make a folder", errno);
    folder = hold(path);
  }
  return folder;
}

std::vector<InstanceFolder> InstanceFolder::take_orphans(const std::string& parent) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    std::error_code ignored;
    if (entry.is_directory(ignored)) paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  std::vector<InstanceFolder> orphans;
  for (const std::string& path : paths)
    if (auto folder = hold(path)) orphans.push_back(std::move(*folder));
  return orphans;
}

InstanceFolder::InstanceFolder(InstanceFolder&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

InstanceFolder::~InstanceFolder() {
  if (descriptor_ < 0) return;
  ::rmdir(path_.c_str());  // fails where something is in it
  ::close(descriptor_);
}

}  // namespace archestra::telemetry::spool
