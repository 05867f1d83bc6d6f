// What a scrape says, as plain numbers and as text, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "telemetry/metrics/exposition.h"
#include "telemetry/metrics/scrape.h"

namespace archestra::telemetry {

inline std::int64_t number_of(const SampleValue& value) {
  if (const auto* count = std::get_if<std::uint64_t>(&value)) return static_cast<std::int64_t>(*count);
  if (const auto* level = std::get_if<std::int64_t>(&value)) return *level;
  std::int64_t observations = 0;
  if (const auto* histogram = std::get_if<HistogramFigures>(&value))
    for (const std::uint64_t bucket : histogram->buckets()) observations += static_cast<std::int64_t>(bucket);
  if (const auto* const* summary = std::get_if<const SummaryValue*>(&value))
    return static_cast<std::int64_t>((*summary)->count);
  return observations;
}

/// Label text -> value (number of observations, of a histogram or a summary) of one family.
using Values = std::map<std::string, std::int64_t>;

inline Values values_in(const Snapshot& snapshot, Metric metric) {
  Values values;
  for (const Sample& sample : snapshot[metric].samples) {
    std::string labels;
    append_labels(labels, sample);
    values[labels] += number_of(sample.value);
  }
  return values;
}

/// The sum of those whose label text contains `part`.
inline std::int64_t sum_of(const Values& values, std::string_view part = "") {
  std::int64_t sum = 0;
  for (const auto& [labels, value] : values)
    if (labels.find(part) != std::string::npos) sum += value;
  return sum;
}

/// The whole page.
inline std::string page_of(ExpositionFormat format, Snapshot snapshot) {
  Exposition exposition(format, std::move(snapshot));
  ByteBuffer out;
  while (exposition.append_piece(out)) {
  }
  return std::string(out.bytes());
}

}  // namespace archestra::telemetry
