#include "telemetry/metrics/scrape.h"

#include <span>
#include <utility>

#include "telemetry/metrics/process_stats.h"

namespace archestra::telemetry {
namespace {

SampleValue sum_of(std::span<const Cell> cells) {
  const Cell& first = cells.front();
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
  HistogramValue total;
  for (const Cell& cell : cells) std::get<const Histogram*>(cell)->add_to(total);
  return total;
}

}  // namespace

Scrape::Scrape(std::vector<const SeriesList*> sources, std::string version)
    : version_labels_{{"version", std::move(version)}}, version_text_(label_text(version_labels_)) {
  for (const SeriesList* list : sources) sources_.push_back({list});
}

void Scrape::map_new_series(Source& source) {
  const Series* newest = source.list->newest();
  for (const Series* series = newest; series != source.seen; series = series->older) {
    Labels labels = labels_of(*series);
    auto& family = merged_[static_cast<std::size_t>(series->metric)];
    Merged& merged = family[label_text(labels)];
    merged.labels = std::move(labels);
    merged.cells.push_back(series->cell);
  }
  source.seen = newest;
}

std::vector<FamilySnapshot> Scrape::collect() {
  std::vector<FamilySnapshot> families(kMetricCount);
  // From the last to the first, see Metric; and so with series that appear meanwhile.
  for (std::size_t i = kMetricCount; i-- > 0;) {
    for (Source& source : sources_) map_new_series(source);
    families[i].family = &catalogue()[i];
    families[i].samples.reserve(merged_[i].size());
    for (const auto& [text, merged] : merged_[i])
      families[i].samples.push_back({&merged.labels, &text, sum_of(merged.cells)});
  }
  const auto add = [&](Metric metric, const Labels& labels, const std::string& text, SampleValue value) {
    families[static_cast<std::size_t>(metric)].samples.push_back({&labels, &text, value});
  };
  add(Metric::kBuildInfo, version_labels_, version_text_, std::uint64_t{1});
  for (const ProcessStat& stat : read_process_stats()) add(stat.metric, no_labels_, no_text_, stat.value);
  return families;
}

}  // namespace archestra::telemetry
