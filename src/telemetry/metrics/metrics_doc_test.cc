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

// Who writes a query copies them from there, and a label matches to the letter.
TEST(MetricsDoc, HasBoundsAsThePageHasThem) {
  const std::string doc = metrics_doc();
  EXPECT_NE(doc.find("<br>Buckets: 5e-05 0.0001 0.00025 0.0005 0.001 "), std::string::npos);
  EXPECT_NE(doc.find(" 0.5 1.0 2.5 5.0 10.0 |\n"), std::string::npos);
}

}  // namespace
}  // namespace archestra::telemetry
