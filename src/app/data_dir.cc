#include "app/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace archestra::app {
namespace {

namespace fs = std::filesystem;

// For somebody who looks into the database with a tool of their own.
constexpr base::Duration kBusyTimeout = std::chrono::seconds(2);

std::string database_path(const std::string& data_dir) { return fs::path(data_dir) / "archestra.db"; }

[[noreturn]] void fail(const std::string& path, int err) {
  throw ConfigError{fmt::format("ARCHESTRA_DATA_DIR: cannot use \"{}\": {}", path,
                                std::error_code(err, std::generic_category()).message())};
}

}  // namespace

void make_data_dir(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    throw ConfigError{fmt::format("ARCHESTRA_DATA_DIR: cannot make \"{}\": {}", path, error.message())};
}

DataDirLock::DataDirLock(const std::string& path)
    : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) fail(path, errno);
}

bool DataDirLock::try_take() {
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) fail(path_, errno);
  return false;
}

void DataDirLock::let_go() { ::flock(fd_, LOCK_UN); }

DataDirLock::~DataDirLock() { ::close(fd_); }

store::Store open_store(const std::string& data_dir) {
  auto store = store::Store::open(database_path(data_dir), kBusyTimeout);
  if (!store) throw store_error(data_dir, store.error());
  return std::move(*store);
}

ConfigError store_error(const std::string& data_dir, const base::Error& error) {
  return store_error(data_dir, error.text());
}

ConfigError store_error(const std::string& data_dir, std::string message) {
  // It may quote what a row says.
  std::ranges::replace_if(message, [](char c) { return c >= 0 && c < ' '; }, ' ');
  return {fmt::format("ARCHESTRA_DATA_DIR: cannot use \"{}\": {}", database_path(data_dir), message)};
}

}  // namespace archestra::app
