#include "telemetry/metrics/metrics_doc.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "telemetry/metrics/catalogue.h"

namespace archestra::telemetry {
namespace {

TEST(MetricsDoc, IsTheOneInTheRepository) {
  std::ifstream file(ARCHESTRA_SOURCE_DIR "/docs/metrics.md");
  const std::string committed(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(committed, metrics_doc()) << "to make it anew: archestra metrics-docs > docs/metrics.md";
}

TEST(MetricsDoc, NamesEveryFamilyOnce) {
  const std::string doc = metrics_doc();
  for (const Family& family : catalogue()) {
    const std::string row =
        "\n| `" + std::string(family.name) + "` | " + std::string(name_of(family.type)) + " |";
    const std::size_t at = doc.find(row);
    ASSERT_NE(at, std::string::npos) << row;
    EXPECT_EQ(doc.find(row, at + 1), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace archestra::telemetry
