#include "telemetry/metrics/process_stats.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "base/clock.h"

namespace archestra::telemetry {
namespace {

std::map<Metric, double> read_all() {
  std::map<Metric, double> values;
  for (const ProcessStat& stat : read_process_stats()) values[stat.metric] = stat.value;
  return values;
}

TEST(ProcessStats, AreThoseOfThisProcess) {
  const auto values = read_all();
  EXPECT_EQ(values.size(), 8u);
  EXPECT_DOUBLE_EQ(values.at(Metric::kProcessCpu),
                   values.at(Metric::kProcessCpuUser) + values.at(Metric::kProcessCpuSystem));
  EXPECT_GT(values.at(Metric::kProcessResidentMemory), 1e6);
  EXPECT_GT(values.at(Metric::kProcessVirtualMemory), values.at(Metric::kProcessResidentMemory));
  const double now = static_cast<double>(base::unix_nanos(base::wall_now())) / 1e9;
  EXPECT_LT(values.at(Metric::kProcessStartTime), now + 1);
  EXPECT_GT(values.at(Metric::kProcessStartTime), now - 3600);
}

TEST(ProcessStats, CountsDescriptors) {
  const double before = read_all().at(Metric::kProcessOpenFds);
  const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(read_all().at(Metric::kProcessOpenFds), before + 1);
  close(descriptor);
  EXPECT_EQ(read_all().at(Metric::kProcessOpenFds), before);
}

TEST(ProcessStats, CpuTimeRises) {
  const double before = read_all().at(Metric::kProcessCpu);
  const auto until = base::monotonic_now() + std::chrono::seconds(10);
  while (read_all().at(Metric::kProcessCpu) == before) ASSERT_LT(base::monotonic_now(), until);
}

}  // namespace
}  // namespace archestra::telemetry
