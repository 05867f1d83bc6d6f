// The folder in which the process keeps its files. Start-up only; errors are for the person who starts it.
#pragma once

#include <string>

#include "app/config.h"
#include "store/store.h"

namespace archestra::app {

/// Makes it where it is missing. Throws ConfigError.
void make_data_dir(const std::string& path);

/// Holds a folder for one gateway: what it has of the store in memory must not be changed by another one. The
/// system lets go of it when the process ends, however it ends.
class DataDirLock {
 public:
  /// Throws ConfigError where there is no such folder.
  explicit DataDirLock(const std::string& path);
  DataDirLock(const DataDirLock&) = delete;
  ~DataDirLock();

  /// False where another gateway holds it. Throws ConfigError where it cannot be held at all.
  bool try_take();
  void let_go();

 private:
  const std::string path_;
  int fd_ = -1;
};

/// Opens the store in the folder. Throws ConfigError.
store::Store open_store(const std::string& data_dir);
ConfigError store_error(const std::string& data_dir, const base::Error& error);
/// For what it has and what makes no sense, in one line.
ConfigError store_error(const std::string& data_dir, std::string message);

}  // namespace archestra::app
