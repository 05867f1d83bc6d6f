#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/commands.h"
#include "app/signals.h"
#include "app/wiring.h"
#include "base/log.h"

namespace archestra::app {
namespace {

namespace fs = std::filesystem;

void make_data_dir(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw ConfigError{fmt::format("ARCHESTRA_DATA_DIR: cannot make \"{}\": {}", path, error.message())};
}

// Written whole or not at all: whoever sees the file sees both ports.
void write_ports(const fs::path& path, const Gateway& gateway) {
  const fs::path draft = path.string() + ".tmp";
  std::ofstream file(draft);
  file << fmt::format("{{\"api\": {}, \"metrics\": {}}}\n", gateway.api_port(), gateway.metrics_port());
  file.close();
  std::error_code error;
  if (file) fs::rename(draft, path, error);
  if (!file || error)
    throw ConfigError{fmt::format("ARCHESTRA_DATA_DIR: cannot write \"{}\": {}", path.string(), std::strerror(errno))};
}

}  // namespace

int serve(const Config& config) {
  base::set_log_level(config.log_level);
  block_signals();
  make_data_dir(config.data_dir);
  const fs::path ports = fs::path(config.data_dir) / "ports.json";
  Gateway gateway(config);
  write_ports(ports, gateway);
  base::log(base::LogLevel::kInfo, "serving",
            {{"version", std::string_view(ARCHESTRA_VERSION)}, {"api_port", gateway.api_port()}, {"metrics_port", gateway.metrics_port()}});
  const int signal = wait_for_stop();
  base::log(base::LogLevel::kInfo, "stopping", {{"signal", signal}});
  gateway.stop();
  std::error_code ignored;
  fs::remove(ports, ignored);
  base::log(base::LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace archestra::app
