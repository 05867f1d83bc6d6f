#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "app/commands.h"
#include "app/data_dir.h"
#include "app/service_manager.h"
#include "app/signals.h"
#include "app/wiring.h"
#include "base/log.h"
#include "base/memory_reserve.h"

namespace archestra::app {
namespace {

namespace fs = std::filesystem;

constexpr base::Duration kHandOverLook = std::chrono::milliseconds(20);
// Beyond the drain: a predecessor's last requests to the platform API.
constexpr base::Duration kHandOverMargin = std::chrono::seconds(10);

// Written whole or not at all: whoever sees the file sees both ports. Calls need no disk: where it is full,
// there is no such file, and the log alone tells the ports.
void write_ports(const fs::path& path, const std::string& ports) {
  const fs::path draft = path.string() + ".tmp";
  std::ofstream file(draft);
  file << ports;
  file.close();
  std::error_code error(file ? 0 : errno != 0 ? errno : EIO, std::generic_category());
  if (file) fs::rename(draft, path, error);
  if (!error) return;
  const std::string why =
      fmt::format("ARCHESTRA_DATA_DIR: cannot write \"{}\": {}", path.string(), error.message());
  if (error.value() != ENOSPC && error.value() != EDQUOT) throw ConfigError{why};
  base::log(base::LogLevel::kWarn, "the ports are not in ports.json", {{"why", std::string_view(why)}});
  std::error_code ignored;
  for (const fs::path& stale : {draft, path}) fs::remove(stale, ignored);
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

void warn_of_few_descriptors(const Config& config) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 >= config.connections_max) return;
  base::log(base::LogLevel::kWarn, "the process may not open enough files for ARCHESTRA_CONNECTIONS_LIMIT",
            {{"files", limit.rlim_cur}, {"connections", config.connections_max}});
}

// Whoever was given sockets may be started while the process before it, which has them too, still drains; any
// other gateway in the folder is a mistake. False where a signal came first.
bool take(DataDirLock& lock, const Config& config, bool may_have_predecessor) {
  if (lock.try_take()) return true;
  const ConfigError in_use{
      fmt::format("ARCHESTRA_DATA_DIR: \"{}\" is in use by another gateway", config.data_dir)};
  if (!may_have_predecessor) throw in_use;
  base::log(base::LogLevel::kInfo, "waiting for the gateway before this one to let go of the data folder");
  const auto deadline = base::monotonic_now() + config.drain_timeout + kHandOverMargin;
  while (base::monotonic_now() < deadline) {
    if (wait_for_stop(kHandOverLook)) return false;
    if (lock.try_take()) return true;
  }
  throw in_use;
}

std::string keys_of(const std::vector<const Setting*>& settings) {
  std::string keys;
  for (const Setting* setting : settings) keys += (keys.empty() ? "" : ", ") + setting->key();
  return keys;
}

// Reads the settings again. `running` is what the process started with, `current` what it last took on.
void reload_settings(const std::function<Effective()>& load_config, const Effective& running,
                     Effective& current, Gateway& gateway) try {
  Effective next = load_config();
  std::vector<const Setting*> taken_on = differences(current, next);
  std::erase_if(taken_on, [](const Setting* setting) { return !setting->reloads; });
  std::vector<const Setting*> waiting = differences(running, next);
  std::erase_if(waiting, [](const Setting* setting) { return setting->reloads; });
  gateway.take_on(current, next);
  current = std::move(next);
  base::log(base::LogLevel::kInfo, "the configuration was read again", {{"changed", keys_of(taken_on)}});
  if (!waiting.empty())
    base::log(base::LogLevel::kWarn, "settings have changed that take a restart",
              {{"settings", keys_of(waiting)}});
} catch (const ConfigError& error) {
  base::log(base::LogLevel::kError, "the configuration stays as it was: the new one cannot be used",
            {{"why", error.text}});
}

}  // namespace

int serve(const std::function<Effective()>& load_config) {
  const Effective effective = load_config();
  const Config& config = effective.config;
  base::set_log_format(config.log_format);
  base::set_log_level(config.log_level);
  for (const auto& [message, name] : warnings_of(config))
    base::log(base::LogLevel::kWarn, message, {{"name", std::string_view(name)}});
  block_signals();
  raise_descriptor_limit();
  const ServiceManager manager;
  InheritedSockets sockets = take_inherited_sockets(config);
  make_data_dir(config.data_dir);
  DataDirLock lock(config.data_dir);
  if (!take(lock, config, sockets.api || sockets.metrics)) return 0;
  const fs::path path = fs::path(config.data_dir) / "ports.json";
  Gateway gateway(effective, std::move(sockets));
  base::set_memory_aside();
  const std::string ports =
      fmt::format("{{\"api\": {}, \"metrics\": {}}}\n", gateway.api_port(), gateway.metrics_port());
  write_ports(path, ports);
  warn_of_few_descriptors(config);
  base::log(base::LogLevel::kInfo, "serving",
            {{"version", std::string_view(ARCHESTRA_VERSION)},
             {"api_port", gateway.api_port()},
             {"metrics_port", gateway.metrics_port()}});
  manager.ready();
  Effective current = effective;
  const int signal = wait_for_stop([&] {
    manager.reloading();
    gateway.reload();
    reload_settings(load_config, effective, current, gateway);
    manager.ready();
  });
  base::log(base::LogLevel::kInfo, "stopping", {{"signal", signal}});
  manager.stopping();
  gateway.stop([&] {
    remove_ports(path, ports);
    lock.let_go();
  });
  base::log(base::LogLevel::kInfo, "stopped");
  return 0;
}

}  // namespace archestra::app
