#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "app/commands.h"
#include "app/data_dir.h"
#include "app/signals.h"
#include "app/wiring.h"
#include "base/log.h"

namespace archestra::app {
namespace {

namespace fs = std::filesystem;

// Written whole or not at all: whoever sees the file sees both ports.
void write_ports(const fs::path& path, const std::string& ports) {
  const fs::path draft = path.string() + ".tmp";
  std::ofstream file(draft);
  file << ports;
  file.close();
  std::error_code error(file ? 0 : errno != 0 ? errno : EIO, std::generic_category());
  if (file) fs::rename(draft, path, error);
  if (error)
    throw ConfigError{
        fmt::format("ARCHESTRA_DATA_DIR: cannot write \"{}\": {}", path.string(), error.message())};
}

// Unless another gateway has written its own since.
void remove_ports(const fs::path& path, const std::string& ports) {
  std::ifstream file(path);
  const std::string found{std::istreambuf_iterator<char>(file), {}};
  std::error_code ignored;
  if (found == ports) fs::remove(path, ignored);
}

// Calls take two descriptors each; the soft limit is often 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int serve(const Config& config) {
  base::set_log_format(config.log_format);
  base::set_log_level(config.log_level);
  for (const auto& [message, name] : warnings_of(config))
    base::log(base::LogLevel::kWarn, message, {{"name", std::string_view(name)}});
  block_signals();
  raise_descriptor_limit();
  make_data_dir(config.data_dir);
  const DataDirLock lock(config.data_dir);
  const fs::path path = fs::path(config.data_dir) / "ports.json";
  Gateway gateway(config);
  const std::string ports =
      fmt::format("{{\"api\": {}, \"metrics\": {}}}\n", gateway.api_port(), gateway.metrics_port());
  write_ports(path, ports);
  base::log(base::LogLevel::kInfo, "serving",
            {{"version", std::string_view(ARCHESTRA_VERSION)},
             {"api_port", gateway.api_port()},
             {"metrics_port", gateway.metrics_port()}});
  const int signal = wait_for_stop();
  base::log(base::LogLevel::kInfo, "stopping", {{"signal", signal}});
  gateway.stop();
  remove_ports(path, ports);
  base::log(base::LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace archestra::app
