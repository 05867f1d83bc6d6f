#include "telemetry/metrics/process_stats.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace archestra::telemetry {
namespace {

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Fields of /proc/self/stat as proc(5) numbers them. The second one, the program's name, may hold
// spaces and parentheses, so counting starts behind the last parenthesis, with field 3.
class StatFields {
 public:
  StatFields() : text_(text_of("/proc/self/stat")) {
    const std::size_t name_end = text_.rfind(')');
    if (name_end == std::string::npos) return;
    std::string_view rest = std::string_view(text_).substr(name_end + 1);
    while (!rest.empty()) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \n"), rest.size()));
      const std::size_t length = std::min(rest.find_first_of(" \n"), rest.size());
      if (length > 0) fields_.push_back(rest.substr(0, length));
      rest.remove_prefix(length);
    }
  }

  bool is_read() const { return fields_.size() > 24; }
  double number(std::size_t field) const {
    const std::string_view text = fields_[field - 3];
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return static_cast<double>(value);
  }

 private:
  const std::string text_;
  std::vector<std::string_view> fields_;
};

/// When the machine started, in seconds since the epoch; 0 where unknown.
double boot_time() {
  const std::string text = text_of("/proc/stat");
  const std::size_t at = text.find("\nbtime ");
  if (at == std::string::npos) return 0;
  std::uint64_t seconds = 0;
  std::from_chars(text.data() + at + 7, text.data() + text.size(), seconds);
  return static_cast<double>(seconds);
}

void add_stat_file(std::vector<ProcessStat>& stats) {
  const StatFields fields;
  if (!fields.is_read()) return;
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double user = fields.number(14) / ticks_per_second;
  const double system = fields.number(15) / ticks_per_second;
  // Both in whole ticks before the division, so that the sum shows no rounding of its own.
  stats.push_back({Metric::kProcessCpu, (fields.number(14) + fields.number(15)) / ticks_per_second});
  stats.push_back({Metric::kProcessCpuUser, user});
  stats.push_back({Metric::kProcessCpuSystem, system});
  stats.push_back({Metric::kProcessThreads, fields.number(20)});
  stats.push_back({Metric::kProcessVirtualMemory, fields.number(23)});
  stats.push_back(
      {Metric::kProcessResidentMemory, fields.number(24) * static_cast<double>(sysconf(_SC_PAGESIZE))});
  static const double booted = boot_time();
  if (booted > 0) stats.push_back({Metric::kProcessStartTime, booted + fields.number(22) / ticks_per_second});
}

// A line of /proc/self/status, "VmData:    1234 kB".
std::optional<double> bytes_in(std::string_view status, std::string_view name) {
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = status.substr(at + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  std::uint64_t kilobytes = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), kilobytes).ec != std::errc())
    return std::nullopt;
  return static_cast<double>(kilobytes * 1024);
}

void add_status_file(std::vector<ProcessStat>& stats) {
  const std::string status = text_of("/proc/self/status");
  if (const auto data = bytes_in(status, "\nVmData:")) stats.push_back({Metric::kProcessHeap, *data});
  const auto files = bytes_in(status, "\nRssFile:");
  const auto shared = bytes_in(status, "\nRssShmem:");
  if (!files || !shared) return;
  stats.push_back({Metric::kNodejsExternalMemory, *files + *shared});
  stats.push_back({Metric::kRuntimeExternalMemory, *files + *shared});
}

// One system call for each descriptor, and no path put together: there may be ten thousands of them.
void add_descriptors(ProcessStats& process) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), &closedir);
  if (!folder) return;
  double open = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else reads this stream
  while (const dirent* const entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    ++open;
    char first = 0;
    if (readlinkat(dirfd(folder.get()), entry->d_name, &first, 1) == 1 && first == '/') ++process.open_files;
  }
  if (open == 0) return;
  // Less the one that reads the directory.
  --process.open_files;
  process.stats.push_back({Metric::kProcessOpenFds, open - 1});
}

void add_limits(std::vector<ProcessStat>& stats) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    stats.push_back({Metric::kProcessMaxFds, static_cast<double>(limit.rlim_cur)});
  // Without a limit it is 2^64 - 1, as other clients of Prometheus show it.
  if (getrlimit(RLIMIT_AS, &limit) == 0)
    stats.push_back({Metric::kProcessVirtualMemoryMax, static_cast<double>(limit.rlim_cur)});
}

}  // namespace

ProcessStats read_process_stats() {
  ProcessStats process;
  add_stat_file(process.stats);
  add_status_file(process.stats);
  add_descriptors(process);
  add_limits(process.stats);
  return process;
}

}  // namespace archestra::telemetry
