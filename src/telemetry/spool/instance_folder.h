// The folder in which a process keeps what it has not sent: its rings and its spools. Held by a lock that the
// system takes away when the process ends, however it ends: what is left in it then is another process's to
// send. So a process that drains and the one that follows it do not get into each other's way.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace archestra::telemetry::spool {

class InstanceFolder {
 public:
  /// A new one below `parent`, which is made where it is missing. `instance`: a name that no other process
  /// has.
  static base::Result<InstanceFolder> make(const std::string& parent, const std::string& instance);
  /// Those below `parent` whose processes are gone, the oldest first. Nobody else has them from now on.
  static std::vector<InstanceFolder> take_orphans(const std::string& parent);

  InstanceFolder(InstanceFolder&& other) noexcept;
  InstanceFolder& operator=(InstanceFolder&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  /// Removes it where there is nothing in it.
  ~InstanceFolder();

  const std::string& path() const { return path_; }

 private:
  InstanceFolder(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  static base::Result<InstanceFolder> hold(const std::string& path);

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace archestra::telemetry::spool
