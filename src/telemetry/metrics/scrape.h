// One look at all metrics: the series of every source, those with the same labels added up. On the
// scrape thread alone; sources are read while their threads write. A source's series is mapped to its
// merged one once, when it is first seen, so that a scrape only reads numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

using SampleValue = std::variant<std::uint64_t, std::int64_t, double, HistogramValue>;

/// One series at the time of the scrape, independent of the format it is written in. The pointers
/// hold until the next collect().
struct Sample {
  const Labels* labels = nullptr;
  const std::string* label_text = nullptr;  ///< the same, escaped; see label_text()
  SampleValue value;
};

struct FamilySnapshot {
  const Family* family = nullptr;
  std::vector<Sample> samples;
};

class Scrape {
 public:
  /// The sources outlive the scrape. `version` goes into archestra_build_info.
  Scrape(std::vector<const SeriesList*> sources, std::string version);

  /// All families in the order of the catalogue, those without samples too; samples in the order of
  /// their label text. A call counted in one family is counted in all those before it.
  std::vector<FamilySnapshot> collect();

 private:
  struct Source {
    const SeriesList* list;
    const Series* seen = nullptr;  ///< this one and the older ones are mapped
  };
  struct Merged {
    Labels labels;
    std::vector<Cell> cells;
  };

  void map_new_series(Source& source);

  std::vector<Source> sources_;
  std::array<std::map<std::string, Merged>, kMetricCount> merged_;
  const Labels no_labels_;
  const std::string no_text_;
  const Labels version_labels_;
  const std::string version_text_;
};

}  // namespace archestra::telemetry
