#include "telemetry/metrics/cardinality.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace archestra::telemetry {
namespace {

std::string_view kind_of(const Sample& sample) { return sample.first->pairs.front().value; }

std::vector<Cardinality::Budget> budgets_of(const Snapshot& snapshot) {
  std::vector<Cardinality::Budget> budgets;
  for (const Sample& sample : snapshot[Metric::kLabelSets].samples)
    budgets.push_back({.kind = kind_of(sample), .used = std::get<std::int64_t>(sample.value)});
  for (const Sample& sample : snapshot[Metric::kLabelSetsMax].samples) {
    const auto budget = std::ranges::find(budgets, kind_of(sample), &Cardinality::Budget::kind);
    if (budget != budgets.end()) budget->max = std::get<std::int64_t>(sample.value);
  }
  return budgets;
}

/// A set's first part stands in one place for all its series.
std::vector<Cardinality::Set> largest_sets(const Snapshot& snapshot, std::size_t sets_max) {
  struct Count {
    const Sample* sample = nullptr;
    std::size_t series = 0;
  };
  std::unordered_map<const LabelPart*, Count> by_set;
  for (const FamilySnapshot& family : snapshot.families) {
    if (!family.family->has_agent_labels) continue;
    for (const Sample& sample : family.samples) {
      Count& count = by_set[sample.first];
      count.sample = &sample;
      ++count.series;
    }
  }
  std::vector<Count> counts;
  counts.reserve(by_set.size());
  for (const auto& [first, count] : by_set) counts.push_back(count);
  const auto is_larger = [](const Count& a, const Count& b) {
    if (a.series != b.series) return a.series > b.series;
    return std::tie(*a.sample->first, *a.sample->agent) < std::tie(*b.sample->first, *b.sample->agent);
  };
  const auto end = counts.begin() + static_cast<std::ptrdiff_t>(std::min(sets_max, counts.size()));
  std::ranges::partial_sort(counts.begin(), end, counts.end(), is_larger);
  std::vector<Cardinality::Set> sets;
  for (const Count& count : std::span(counts.begin(), end)) {
    Labels labels = count.sample->first->pairs;
    labels.insert(labels.end(), count.sample->agent->pairs.begin(), count.sample->agent->pairs.end());
    sets.push_back({.labels = std::move(labels), .series = count.series});
  }
  return sets;
}

}  // namespace

Cardinality cardinality_of(const Snapshot& snapshot, std::size_t sets_max) {
  Cardinality result;
  result.budgets = budgets_of(snapshot);
  result.sets = largest_sets(snapshot, sets_max);
  for (const Sample& sample : snapshot[Metric::kFoldedCalls].samples)
    result.folded_calls += std::get<std::uint64_t>(sample.value);
  for (const FamilySnapshot& family : snapshot.families) {
    result.series += family.samples.size();
    if (!family.samples.empty())
      result.metrics.push_back({.name = family.family->name, .series = family.samples.size()});
  }
  std::ranges::sort(result.metrics, [](const auto& a, const auto& b) {
    return std::tuple(b.series, a.name) < std::tuple(a.series, b.name);
  });
  return result;
}

}  // namespace archestra::telemetry
