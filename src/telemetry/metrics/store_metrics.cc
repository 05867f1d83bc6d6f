#include "telemetry/metrics/store_metrics.h"

#include <string>
#include <string_view>

namespace archestra::telemetry {

StoreMetrics::StoreMetrics() {
  constexpr std::array<std::string_view, 2> kOperations{"read", "write"};
  constexpr std::array<std::string_view, 2> kResults{"success", "error"};
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    const std::string operation(kOperations[i]);
    series_.publish(Metric::kStoreOperationDuration, {operation}, &operations_[i].duration);
    for (std::size_t j = 0; j < kResults.size(); ++j)
      series_.publish(Metric::kStoreOperations, {operation, std::string(kResults[j])},
                      &operations_[i].results[j]);
  }
}

void StoreMetrics::observe(Operation operation, base::Duration took, Result result) {
  OfOperation& of = operations_[static_cast<std::size_t>(operation)];
  of.duration.observe(took);
  of.results[static_cast<std::size_t>(result)].add();
}

}  // namespace archestra::telemetry
