#include "telemetry/history/overview.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "telemetry/metrics/shard_metrics.h"

namespace archestra::telemetry {
namespace {

/// Calls `take(step, cell)` for each cell in the window, in the order of time.
template <class Take>
void for_each_cell(const SeriesSnapshot& snapshot, const Window& window, Take take) {
  CellView cell;
  for (const PackedSlotRef& slot : snapshot.slots) {
    const auto step = window.step_of(slot->begin());
    if (!step) continue;
    for (PackedSlot::Reader reader(*slot); reader.next(cell);) take(*step, cell);
  }
}

std::string_view value_of(const LabelSet& set, std::string_view label_key) {
  if (set.is_overflow) return kOverflow;
  const auto found = std::ranges::find(set.labels, label_key, &model::Label::key);
  return found != set.labels.end() ? std::string_view(found->value) : std::string_view();
}

std::string_view key_of(const LabelSet& set, const Grouping& grouping) {
  switch (grouping.by) {
    case GroupBy::kProvider:
      return set.provider;
    case GroupBy::kModel:
      return set.model;
    case GroupBy::kAgent:
      return set.agent_id;
    case GroupBy::kLabel:
      return value_of(set, grouping.label_key);
    case GroupBy::kNone:
      break;
  }
  return {};
}

constexpr std::size_t kNoGroup = SIZE_MAX;

struct Group {
  std::string_view key;
  std::string_view name;
  std::uint64_t calls = 0;
  std::size_t place = kNoGroup;  // among those that are shown
};

/// The sets of a snapshot and the groups they belong to.
class Groups {
 public:
  Groups(const SetFilter& filter, const Grouping& grouping) : filter_(filter), grouping_(grouping) {}

  /// Null for what is filtered out.
  Group* group_of(const LabelSet& set) {
    const auto [found, is_new] = of_set_.try_emplace(&set, kNoGroup);
    if (is_new && filter_.matches(set)) found->second = index_of(key_of(set, grouping_));
    return found->second == kNoGroup ? nullptr : &groups_[found->second];
  }

  void count(const LabelSet& set, std::uint64_t calls) {
    Group* const group = group_of(set);
    if (group == nullptr) return;
    group->calls += calls;
    // The later ones come last.
    group->name = grouping_.by == GroupBy::kAgent ? std::string_view(set.agent_name) : group->key;
  }

  /// Gives those with the most calls their places.
  std::vector<const Group*> place() {
    std::vector<Group*> ranked;
    ranked.reserve(groups_.size());
    for (Group& group : groups_) ranked.push_back(&group);
    std::ranges::sort(ranked, [](const Group* a, const Group* b) {
      return a->calls != b->calls ? a->calls > b->calls : a->key < b->key;
    });
    const std::size_t shown =
        grouping_.by == GroupBy::kNone ? 0 : std::min(ranked.size(), grouping_.groups_max);
    for (std::size_t i = 0; i < shown; ++i) ranked[i]->place = i;
    return {ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(shown)};
  }
  std::size_t size() const { return grouping_.by == GroupBy::kNone ? 0 : groups_.size(); }

 private:
  std::size_t index_of(std::string_view key) {
    const auto [found, is_new] = of_key_.try_emplace(key, groups_.size());
    if (is_new) groups_.push_back({.key = key, .name = key});
    return found->second;
  }

  const SetFilter& filter_;
  const Grouping& grouping_;
  std::vector<Group> groups_;  // the keys view the sets
  std::unordered_map<std::string_view, std::size_t> of_key_;
  std::unordered_map<const LabelSet*, std::size_t> of_set_;
};

/// Fills one series step by step.
class SeriesMaker {
 public:
  SeriesMaker(FigureSeries& series, std::size_t steps) : series_(series) {
    series_.steps.resize(steps);
    series_.measured_steps.resize(steps);
  }

  void add(std::size_t step, const CellView& cell) {
    if (step != step_) end_step(step);
    series_.totals.add(cell.counts);
    series_.steps[step].add(cell.counts);
    for (std::size_t i = 0; i < kMeasures; ++i) {
      of_step_[i].add(cell.sketches[i]);
      of_all_[i].add(cell.sketches[i]);
    }
  }

  void end() {
    end_step(step_);
    for (std::size_t i = 0; i < kMeasures; ++i) series_.measured[i] = of_all_[i].percentiles();
  }

 private:
  void end_step(std::size_t next) {
    for (std::size_t i = 0; i < kMeasures; ++i) {
      series_.measured_steps[step_][i] = of_step_[i].percentiles();
      of_step_[i].clear();
    }
    step_ = next;
  }

  FigureSeries& series_;
  std::size_t step_ = 0;
  std::array<DenseSketch, kMeasures> of_step_;
  std::array<DenseSketch, kMeasures> of_all_;
};

bool has_label(const LabelSet& set, std::string_view wanted) {
  return std::ranges::any_of(
      set.labels, [&](const model::Label& label) { return is_label(wanted, label.key, label.value); });
}

}  // namespace

bool is_label(std::string_view text, std::string_view key, std::string_view value) {
  return text.size() == key.size() + 1 + value.size() && text.starts_with(key) && text[key.size()] == ':' &&
         text.ends_with(value);
}

bool SetFilter::matches(const LabelSet& set) const {
  return (!provider || *provider == set.provider) && (!model || *model == set.model) &&
         (!agent_id || *agent_id == set.agent_id) && (!label || has_label(set, *label));
}

// Twice over the cells: who has the most calls is known only when all were counted.
Overview make_overview(const SeriesSnapshot& snapshot, const Window& window, const SetFilter& filter,
                       const Grouping& grouping) {
  Overview overview;
  Groups groups(filter, grouping);
  for_each_cell(snapshot, window, [&](std::size_t, const CellView& cell) {
    groups.count(*cell.set, cell.counts.calls);
    if (cell.set->is_overflow && filter.matches(*cell.set)) overview.folded_calls += cell.counts.calls;
  });
  const std::vector<const Group*> shown = groups.place();
  overview.folded_groups = groups.size() - shown.size();
  for (const Group* const group : shown)
    overview.groups.push_back({.key = std::string(group->key), .name = std::string(group->name)});
  std::vector<SeriesMaker> makers;
  makers.reserve(shown.size());
  for (FigureSeries& series : overview.groups) makers.emplace_back(series, window.count);
  SeriesMaker all(overview.all, window.count);
  for_each_cell(snapshot, window, [&](std::size_t step, const CellView& cell) {
    const Group* const group = groups.group_of(*cell.set);
    if (group == nullptr) return;
    all.add(step, cell);
    if (group->place != kNoGroup) makers[group->place].add(step, cell);
  });
  all.end();
  for (SeriesMaker& maker : makers) maker.end();
  return overview;
}

std::vector<AgentSeries> make_agent_series(const SeriesSnapshot& snapshot, const Window& window) {
  std::vector<AgentSeries> agents;
  std::unordered_map<std::string_view, std::size_t> places;  // the keys view the sets
  for_each_cell(snapshot, window, [&](std::size_t step, const CellView& cell) {
    const auto [place, is_new] = places.try_emplace(cell.set->agent_id, agents.size());
    if (is_new)
      agents.push_back(
          {.agent_id = cell.set->agent_id, .totals = {}, .calls = std::vector<std::uint64_t>(window.count)});
    AgentSeries& agent = agents[place->second];
    agent.totals.add(cell.counts);
    agent.calls[step] += cell.counts.calls;
  });
  return agents;
}

Dimensions make_dimensions(const SeriesSnapshot& snapshot) {
  std::set<std::string_view> providers;
  std::set<std::string_view> models;
  std::set<std::string_view> label_keys;
  std::set<const LabelSet*> seen;
  CellView cell;
  for (const PackedSlotRef& slot : snapshot.slots)
    for (PackedSlot::Reader reader(*slot); reader.next(cell);) {
      if (!seen.insert(cell.set).second) continue;
      providers.insert(cell.set->provider);
      if (cell.set->is_overflow) continue;
      models.insert(cell.set->model);
      for (const model::Label& label : cell.set->labels) label_keys.insert(label.key);
    }
  return {.providers = {providers.begin(), providers.end()},
          .models = {models.begin(), models.end()},
          .label_keys = {label_keys.begin(), label_keys.end()}};
}

}  // namespace archestra::telemetry
