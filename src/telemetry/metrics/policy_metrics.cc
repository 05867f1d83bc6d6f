#include "telemetry/metrics/policy_metrics.h"

#include "telemetry/text.h"

namespace archestra::telemetry {
namespace {

constexpr std::string_view kOverflowTool = "__overflow__";
constexpr std::size_t kToolBytesMax = 128;

std::size_t index_of(call::Decision decision) { return static_cast<std::size_t>(decision); }

}  // namespace

PolicyMetrics::PolicyMetrics(SeriesList& series, LabelBudget& tools) : series_(series), door_(tools) {
  const auto publish = [&](std::string_view decision, Counter& counter) {
    series_.publish({Metric::kPolicyEvaluations, &no_labels_, std::string(decision), &counter});
  };
  for (std::size_t i = 0; i < calls_.size(); ++i) publish(name_of(static_cast<call::Decision>(i)), calls_[i]);
  publish("result_trusted", results_trusted_);
  publish("result_untrusted", results_untrusted_);
  publish("result_blocked", results_blocked_);
  series_.publish({Metric::kPolicyEvaluationDuration, &no_labels_, "", &time_});
}

void PolicyMetrics::count(const call::CallRecord& call, const ExemplarSource& source) {
  const call::PolicyFigures& figures = call.policy;
  for (const call::ToolDecision& decision : call.tool_decisions) {
    tool(cut_text(decision.tool, kToolBytesMax)).decisions[index_of(decision.decision)].add(1, source);
    if (figures.calls_judged > 0) calls_[index_of(decision.decision)].add();
  }
  if (figures.time == base::Duration::zero()) return;  // as nearly always: nobody was asked
  results_trusted_.add(figures.results_trusted);
  results_untrusted_.add(figures.results_untrusted);
  results_blocked_.add(figures.results_blocked);
  time_.observe(figures.time);
}

PolicyMetrics::Tool& PolicyMetrics::tool(std::string_view name) {
  if (const auto found = tools_.find(name); found != tools_.end()) [[likely]]
    return *found->second;
  const std::uint64_t fingerprint = Hash()(name);
  const bool has_place =
      door_.may_enter(fingerprint) && door_.budget().try_enter(std::string(name), fingerprint);
  if (has_place) return make_tool(name);
  const auto overflow = tools_.find(kOverflowTool);
  return overflow != tools_.end() ? *overflow->second : make_tool(kOverflowTool);
}

PolicyMetrics::Tool& PolicyMetrics::make_tool(std::string_view name) {
  Tool& made = *tools_.emplace(std::string(name), std::make_unique<Tool>()).first->second;
  made.labels.values = {std::string(name)};
  for (std::size_t i = 0; i < made.decisions.size(); ++i)
    series_.publish({Metric::kLlmToolCalls, &made.labels,
                     std::string(name_of(static_cast<call::Decision>(i))), &made.decisions[i]});
  return made;
}

}  // namespace archestra::telemetry
