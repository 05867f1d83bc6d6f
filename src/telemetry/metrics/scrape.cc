#include "telemetry/metrics/scrape.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "telemetry/metrics/process_stats.h"

namespace archestra::telemetry {
namespace {

SampleValue sum_of_summaries(std::span<const Cell> cells, const Family& family, base::MonotonicTime now,
                             Snapshot& snapshot) {
  SummaryValue& total = snapshot.summaries.emplace_back();
  SketchCounts counts;
  for (const Cell& cell : cells) {
    const Summary& summary = *std::get<const Summary*>(cell);
    summary.add_to(total);
    summary.sketch().add_to(counts, now);
  }
  for (std::size_t i = 0; i < family.quantiles.size(); ++i)
    total.quantiles[i] = counts.quantile(family.quantiles[i]);
  return &total;
}

HistogramFigures keep(const HistogramValue& value, const Family& family, Snapshot& snapshot) {
  const std::size_t buckets = family.bounds.size() + 1;
  const std::span<std::uint64_t> numbers = snapshot.add_numbers(buckets + 1);
  std::copy_n(value.buckets.begin(), buckets, numbers.begin());
  numbers.back() = value.sum_nanos;
  return {numbers};
}

SampleValue sum_of(std::span<const Cell> cells, const Family& family, base::MonotonicTime now,
                   Snapshot& snapshot) {
  const Cell& first = cells.front();
  if (std::holds_alternative<const CallCounter*>(first)) {
    std::uint64_t total = 0;
    for (const Cell& cell : cells) total += std::get<const CallCounter*>(cell)->value();
    return total;
  }
  if (std::holds_alternative<const Counter*>(first)) {
    std::uint64_t total = 0;
    for (const Cell& cell : cells) total += std::get<const Counter*>(cell)->value();
    return total;
  }
  if (std::holds_alternative<const Gauge*>(first)) {
    std::int64_t total = 0;
    for (const Cell& cell : cells) total += std::get<const Gauge*>(cell)->value();
    return total;
  }
  if (std::holds_alternative<const Summary*>(first)) return sum_of_summaries(cells, family, now, snapshot);
  HistogramValue total;
  for (const Cell& cell : cells) std::get<const Histogram*>(cell)->add_to(total);
  return keep(total, family, snapshot);
}

std::vector<BucketExemplar> exemplars_of(std::span<const Cell> cells) {
  BucketExemplars found;
  for (const Cell& cell : cells) {
    if (const auto* const counter = std::get_if<const CallCounter*>(&cell))
      (*counter)->add_to(found[0]);
    else if (const auto* const histogram = std::get_if<const Histogram*>(&cell))
      (*histogram)->add_to(found);
  }
  std::vector<BucketExemplar> exemplars;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i]) exemplars.push_back({i, *found[i]});
  return exemplars;
}

/// Those of a family have one all together, or none.
std::optional<NativeFigures> native_of(std::span<const Cell> cells) {
  const auto* const first = std::get_if<const Histogram*>(&cells.front());
  if (first == nullptr || (*first)->native() == nullptr) return std::nullopt;
  NativeValue total;
  for (const Cell& cell : cells) std::get<const Histogram*>(cell)->native()->add_to(total);
  return NativeFigures(total);
}

/// What cells say besides their value. It is read after the exemplars, because what they show was counted
/// before, and before the native histogram, see there.
struct CellFigures {
  SampleValue value;
  const SampleDetails* details;
};
CellFigures figures_of(std::span<const Cell> cells, const Family& family, base::MonotonicTime now,
                       Snapshot& snapshot) {
  SampleDetails details{.exemplars = exemplars_of(cells)};
  const SampleValue value = sum_of(cells, family, now, snapshot);
  details.native = native_of(cells);
  if (details.exemplars.empty() && !details.native) return {value, nullptr};
  return {value, &snapshot.details.emplace_back(std::move(details))};
}

SampleValue value_of(const ScrapedFigures::Figure& figure, Snapshot& snapshot) {
  return std::visit(
      [&](const auto& value) -> SampleValue {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, HistogramValue>)
          return keep(value, family_of(figure.metric), snapshot);
        else
          return value;
      },
      figure.value);
}

}  // namespace

double shown_value(const Exemplar& exemplar, const Family& family) {
  const auto value = static_cast<double>(exemplar.value);
  return family.type == MetricType::kHistogram ? family.shown(value) : value;
}

void append_labels(std::string& out, const Sample& sample) {
  bool is_first = true;
  for (const LabelPart* part : {sample.first, sample.last, sample.agent}) {
    if (part->text.empty()) continue;
    if (!is_first) out += ',';
    out += part->text;
    is_first = false;
  }
}

std::span<std::uint64_t> Snapshot::add_numbers(std::size_t count) {
  constexpr std::size_t kBlock = 8192;
  if (numbers_left < count) {
    numbers.push_back(std::make_unique<std::uint64_t[]>(kBlock));
    numbers_left = kBlock;
  }
  std::uint64_t* const begin = numbers.back().get() + (kBlock - numbers_left);
  numbers_left -= count;
  return {begin, count};
}

Scrape::Scrape(const std::vector<SeriesSource*>& sources, std::string version, Clock now,
               ScrapedFigures* figures)
    : now_(now),
      sources_(sources),
      figures_(figures),
      version_label_(label_part({{"version", std::move(version)}})) {
  for (const Family& family : catalogue())
    metric_labels_[static_cast<std::size_t>(family.metric)] =
        label_part({{"metric", std::string(family.name)}});
}

// First the groups are ended, then the last of their series are taken, and then it is seen which agents have
// no other group left: what belongs to an ended group does not come later.
void Scrape::drop_ended() {
  map_new_series();
  const base::MonotonicTime now = now_();
  for (auto& [name, agent] : agents_) {
    const auto is_over = [&](const SeriesGroupRef& group) { return group->is_over(now); };
    if (!std::ranges::all_of(agent.groups, is_over)) continue;
    for (const SeriesGroupRef& group : agent.groups) group->try_end(now);
  }
  map_new_series();
  // Looked at once: meanwhile another may end, whose sets would stay behind.
  bool any = false;
  for (auto& [name, agent] : agents_) {
    agent.has_ended =
        std::ranges::all_of(agent.groups, [](const SeriesGroupRef& group) { return group->has_ended(); });
    any |= agent.has_ended;
  }
  if (!any) return;
  drop_sets();
  std::erase_if(agents_, [](const auto& entry) { return entry.second.has_ended; });
}

void Scrape::drop_sets() {
  std::vector<Sets::node_type> sets;
  for (auto at = sets_.begin(); at != sets_.end();) {
    const auto next = std::next(at);
    if (at->second.agent != nullptr && at->second.agent->has_ended) {
      for (const Line& line : at->second.lines) --line_counts_[static_cast<std::size_t>(line.metric)];
      at->second.lines = {};
      sets.push_back(sets_.extract(at));
    }
    at = next;
  }
  if (dropped_.use_count() == 1) return;  // no snapshot is about
  dropped_->sets = std::move(sets);
  dropped_->next = std::make_shared<Dropped>();
  dropped_ = dropped_->next;
}

void Scrape::map_new_series() {
  for (SeriesSource* source : sources_) {
    map_series(source->series, nullptr);
    for (SeriesGroupRef& group : source->groups.take()) {
      Agent& agent = agents_[group->name()];
      agent.groups.push_back(std::move(group));
    }
  }
  for (const auto& [name, agent] : agents_)
    for (const SeriesGroupRef& group : agent.groups) map_series(group->series, &agent);
}

void Scrape::map_series(SeriesList& list, const Agent* agent) {
  const LabelBase* base = nullptr;  // whose set `set` is: series of one block come one after the other
  Set* set = nullptr;
  for (Series& series : list.take()) {
    if (series.base != std::exchange(base, series.base)) {
      set = &sets_.try_emplace({base_labels(series), label_part(series.base->agent_labels)}).first->second;
      set->agent = agent;
    }
    const LabelPart& last = *lasts_.insert(last_label(series)).first;
    const auto key = [](const Line& line) { return std::tie(line.metric, *line.last); };
    auto line = std::ranges::lower_bound(set->lines, std::tie(series.metric, last), {}, key);
    if (line == set->lines.end() || key(*line) != std::tie(series.metric, last)) {
      line = set->lines.insert(line, {.metric = series.metric, .last = &last, .cells = {}});
      ++line_counts_[static_cast<std::size_t>(series.metric)];
    }
    line->cells.push_back(series.cell);
  }
}

Snapshot Scrape::collect(Reader reader) {
  drop_ended();
  const ProcessStats process = read_process_stats();
  std::vector<ScrapedFigures::Figure> figures;
  if (figures_ != nullptr) figures_->read(process, reader, figures);
  const base::MonotonicTime now = now_();
  Snapshot snapshot{.families = std::vector<FamilySnapshot>(kMetricCount)};
  snapshot.labels = dropped_;
  std::vector<FamilySnapshot>& families = snapshot.families;
  // From the last to the first, see Metric; and so with series that appear meanwhile.
  for (std::size_t i = kMetricCount; i-- > 0;) {
    if (i <= static_cast<std::size_t>(kLastOfCalls)) map_new_series();
    families[i].family = &catalogue()[i];
    families[i].samples.reserve(line_counts_[i]);
    for (const auto& [key, set] : sets_)
      for (const Line& line :
           std::ranges::equal_range(set.lines, static_cast<Metric>(i), {}, &Line::metric)) {
        const auto [value, details] = figures_of(line.cells, catalogue()[i], now, snapshot);
        families[i].samples.push_back({&key.first, line.last, &key.agent, value, details});
      }
  }
  const auto add = [&](Metric metric, const LabelPart& labels, SampleValue value) {
    families[static_cast<std::size_t>(metric)].samples.push_back({&labels, &no_labels_, &no_labels_, value});
  };
  add(Metric::kBuildInfo, version_label_, std::uint64_t{1});
  for (const ProcessStat& stat : process.stats) add(stat.metric, no_labels_, stat.value);
  for (const ScrapedFigures::Figure& figure : figures)
    add(figure.metric, figure.labels != nullptr ? *figure.labels : no_labels_, value_of(figure, snapshot));
  // Its own are there once all the others are counted.
  constexpr auto kSeries = static_cast<std::size_t>(Metric::kTelemetrySeries);
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const std::size_t count = i == kSeries ? kMetricCount : families[i].samples.size();
    add(Metric::kTelemetrySeries, metric_labels_[i], static_cast<std::int64_t>(count));
  }
  return snapshot;
}

}  // namespace archestra::telemetry
