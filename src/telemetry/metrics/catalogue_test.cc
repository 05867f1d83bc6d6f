#include "telemetry/metrics/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "telemetry/metrics/summary.h"

namespace archestra::telemetry {
namespace {

/// Names that prom-client gives to gauges, which dashboards ask for.
bool is_gauge_named_total(const Family& family) {
  return family.type == MetricType::kGauge && family.name.starts_with("nodejs_active_");
}

TEST(Catalogue, EveryFamilyIsWellFormed) {
  std::set<std::string_view> names;
  for (const Family& family : catalogue()) {
    SCOPED_TRACE(family.name);
    EXPECT_TRUE(names.insert(family.name).second);
    EXPECT_FALSE(family.help.empty());
    if (!is_gauge_named_total(family))
      EXPECT_EQ(family.name.ends_with("_total"), family.type == MetricType::kCounter);
    EXPECT_TRUE(family.unit.empty() || described_name(family).ends_with("_" + std::string(family.unit)))
        << "a scraper refuses the page";
    EXPECT_EQ(family.bounds.empty(), family.type != MetricType::kHistogram);
    EXPECT_EQ(std::ranges::adjacent_find(family.bounds, std::ranges::greater_equal{}), family.bounds.end());
    EXPECT_EQ(family.quantiles.empty(), family.type != MetricType::kSummary);
    EXPECT_LE(family.quantiles.size(), SummaryValue::kQuantilesMax);
    EXPECT_TRUE(std::ranges::is_sorted(family.quantiles));
    EXPECT_EQ(&family, &family_of(family.metric));
  }
}

// OpenMetrics describes a counter without its `_total`, and wants no name of a family to be one that another
// family may have in its samples.
TEST(Catalogue, NoFamilyHasANameOfAnother) {
  using Suffixes = std::vector<std::string>;
  std::set<std::string> taken;
  for (const Family& family : catalogue()) {
    const std::string name(described_name(family));
    Suffixes suffixes{""};
    switch (family.type) {
      case MetricType::kCounter:
        suffixes = {"", "_total", "_created"};
        break;
      case MetricType::kGauge:
        break;
      case MetricType::kHistogram:
        suffixes = {"", "_bucket", "_sum", "_count", "_created"};
        break;
      case MetricType::kSummary:
        suffixes = {"", "_sum", "_count", "_created"};
        break;
    }
    for (const std::string& suffix : suffixes)
      EXPECT_TRUE(taken.insert(name + suffix).second) << name + suffix;
  }
}

TEST(Catalogue, BucketsAreThePromisedOnes) {
  const auto seconds = [](Metric metric) {
    std::vector<double> bounds;
    for (const base::Duration bound : family_of(metric).bounds) bounds.push_back(base::to_seconds(bound));
    return bounds;
  };
  EXPECT_EQ(seconds(Metric::kHttpRequestDuration),
            (std::vector<double>{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}));
  EXPECT_EQ(seconds(Metric::kLlmRequestDuration),
            (std::vector<double>{0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600}));
  EXPECT_EQ(seconds(Metric::kNodejsGcDuration), (std::vector<double>{0.001, 0.01, 0.1, 1, 2, 5}));
  EXPECT_EQ(seconds(Metric::kLlmGateway).front(), 50e-6);
  const Family& rate = family_of(Metric::kLlmTokensPerSecond);
  EXPECT_EQ(rate.shown(static_cast<double>(rate.bounds[0].count())), 5) << "tokens per second";
}

TEST(Catalogue, QuantilesAreThePromisedOnes) {
  const auto quantiles = family_of(Metric::kHttpRequestSummary).quantiles;
  EXPECT_EQ(std::vector<double>(quantiles.begin(), quantiles.end()),
            (std::vector<double>{0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999}));
}

TEST(Catalogue, KnowsTheLabelNamesThatAreTaken) {
  for (const std::string_view name :
       {"provider", "model", "agent_id", "status_code", "outcome", "le", "job", "instance"})
    EXPECT_TRUE(is_reserved_label(name)) << name;
  EXPECT_FALSE(is_reserved_label("team"));
  EXPECT_FALSE(is_reserved_label("compiler")) << "not in a family that has an agent's labels";
}

}  // namespace
}  // namespace archestra::telemetry
