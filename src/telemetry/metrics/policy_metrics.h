// What policies decided, as one shard counts it. On its thread; the scrape reads the cells.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "call/call_record.h"
#include "telemetry/metrics/label_budget.h"
#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

class PolicyMetrics {
 public:
  /// Shows its series in `series`. Both outlive it.
  PolicyMetrics(SeriesList& series, LabelBudget& tools);
  PolicyMetrics(const PolicyMetrics&) = delete;
  PolicyMetrics& operator=(const PolicyMetrics&) = delete;

  void count(const call::CallRecord& call, const ExemplarSource& source);

 private:
  struct Tool {
    LabelBase labels;
    std::array<CallCounter, call::kDecisionCount> decisions;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  Tool& tool(std::string_view name);
  Tool& make_tool(std::string_view name);

  SeriesList& series_;
  BudgetDoor door_;
  // The scrape sees the cells, so they stay where they are.
  std::unordered_map<std::string, std::unique_ptr<Tool>, Hash, std::equal_to<>> tools_;
  const LabelBase no_labels_;
  std::array<Counter, call::kDecisionCount> calls_;  // that policies looked at
  Counter results_trusted_;
  Counter results_untrusted_;
  Counter results_blocked_;
  Histogram time_{family_of(Metric::kPolicyEvaluationDuration).bounds};
};

}  // namespace archestra::telemetry
