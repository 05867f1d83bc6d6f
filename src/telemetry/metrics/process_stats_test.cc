#include "telemetry/metrics/process_stats.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <latch>
#include <map>
#include <thread>

#include "base/clock.h"

namespace archestra::telemetry {
namespace {

std::map<Metric, double> read_all() {
  std::map<Metric, double> values;
  for (const ProcessStat& stat : read_process_stats().stats) values[stat.metric] = stat.value;
  return values;
}

TEST(ProcessStats, AreThoseOfThisProcess) {
  const auto values = read_all();
  EXPECT_EQ(values.size(), 13u);
  EXPECT_DOUBLE_EQ(values.at(Metric::kProcessCpu),
                   values.at(Metric::kProcessCpuUser) + values.at(Metric::kProcessCpuSystem));
  EXPECT_GT(values.at(Metric::kProcessResidentMemory), 1e6);
  EXPECT_GT(values.at(Metric::kProcessVirtualMemory), values.at(Metric::kProcessResidentMemory));
  EXPECT_GE(values.at(Metric::kProcessThreads), 1);
  EXPECT_GT(values.at(Metric::kProcessVirtualMemoryMax), values.at(Metric::kProcessVirtualMemory));
  EXPECT_GT(values.at(Metric::kProcessHeap), 1e5);
  EXPECT_GT(values.at(Metric::kNodejsExternalMemory), 1e5) << "this program is a mapped file";
  EXPECT_LT(values.at(Metric::kNodejsExternalMemory), values.at(Metric::kProcessResidentMemory));
  const double now = static_cast<double>(base::unix_nanos(base::wall_now())) / 1e9;
  EXPECT_LT(values.at(Metric::kProcessStartTime), now + 1);
  EXPECT_GT(values.at(Metric::kProcessStartTime), now - 3600);
}

TEST(ProcessStats, CountsDescriptors) {
  const double before = read_all().at(Metric::kProcessOpenFds);
  const std::int64_t files_before = read_process_stats().open_files;
  const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(read_all().at(Metric::kProcessOpenFds), before + 1);
  EXPECT_EQ(read_process_stats().open_files, files_before + 1);
  const int event = eventfd(0, EFD_CLOEXEC);
  EXPECT_EQ(read_all().at(Metric::kProcessOpenFds), before + 2);
  EXPECT_EQ(read_process_stats().open_files, files_before + 1) << "that is no file";
  close(event);
  close(descriptor);
  EXPECT_EQ(read_all().at(Metric::kProcessOpenFds), before);
}

TEST(ProcessStats, CountsThreads) {
  const double before = read_all().at(Metric::kProcessThreads);
  std::latch done(1);
  std::thread thread([&] { done.wait(); });
  EXPECT_EQ(read_all().at(Metric::kProcessThreads), before + 1);
  done.count_down();
  thread.join();
}

TEST(ProcessStats, KnowsTheMemoryOfMappedFiles) {
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  const int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  ASSERT_EQ(ftruncate(file, kBytes), 0);
  const double before = read_all().at(Metric::kNodejsExternalMemory);
  void* const memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ASSERT_NE(memory, MAP_FAILED);
  std::memset(memory, 1, kBytes);
  EXPECT_GE(read_all().at(Metric::kNodejsExternalMemory), before + 0.9 * kBytes);
  munmap(memory, kBytes);
  EXPECT_LT(read_all().at(Metric::kNodejsExternalMemory), before + 0.5 * kBytes);
  close(file);
}

TEST(ProcessStats, CpuTimeRises) {
  const double before = read_all().at(Metric::kProcessCpu);
  const auto until = base::monotonic_now() + std::chrono::seconds(10);
  while (read_all().at(Metric::kProcessCpu) == before) ASSERT_LT(base::monotonic_now(), until);
}

}  // namespace
}  // namespace archestra::telemetry
