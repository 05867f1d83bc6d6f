// One look at all metrics: the series of every source, those with the same labels added up. On the
// scrape thread alone; sources are read while their threads write. A source's series is mapped to its
// merged one once, when it is first seen, so that a scrape only reads numbers; and is dropped again when
// its agent was deleted and its time is up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

using SampleValue = std::variant<std::uint64_t, std::int64_t, double, HistogramValue, SummaryValue>;

/// One series at the time of the scrape, independent of the format it is written in. Its labels have three
/// parts, each perhaps empty, of which the series of one label set share two. The pointers hold until the
/// next collect().
struct Sample {
  const LabelPart* first = nullptr;  ///< what the family begins with
  const LabelPart* last = nullptr;   ///< the family's last label, where `first` does not have it
  const LabelPart* agent = nullptr;  ///< the agent's own labels
  SampleValue value;
};

/// Appends the text of a sample's labels, `a="x",b="y"`.
void append_labels(std::string& out, const Sample& sample);

struct FamilySnapshot {
  const Family* family = nullptr;
  std::vector<Sample> samples;
};

struct ProcessStats;

/// Figures that nobody keeps: they are there when they are asked for. On the scrape thread.
class ScrapedFigures {
 public:
  struct Figure {
    Metric metric;
    const LabelPart* labels;  ///< null for none; lives as long as this
    SampleValue value;
  };
  virtual ~ScrapedFigures() = default;
  /// Appends what there is. `process` is what Linux says at the same time.
  virtual void read(const ProcessStats& process, std::vector<Figure>& out) = 0;
};

class Scrape {
 public:
  /// The sources outlive the scrape, as do the `figures` (null for none). `version` goes into
  /// archestra_build_info.
  Scrape(const std::vector<SeriesSource*>& sources, std::string version, Clock now = base::monotonic_now,
         ScrapedFigures* figures = nullptr);

  /// All families in the order of the catalogue, those without samples too; samples in the order of their
  /// labels. A call counted in one family is counted in all those before it. Series of an agent vanish
  /// all at once, when its groups on all threads have ended.
  std::vector<FamilySnapshot> collect();

 private:
  struct Agent {
    std::vector<SeriesGroupRef> groups;  // of all threads, as long as the agent is shown
    bool has_ended = false;
  };
  struct Line {
    Metric metric;
    const LabelPart* last;  // one of lasts_
    std::vector<Cell> cells;
  };
  /// The first and the agent's labels.
  struct SetKey {
    LabelPart first;
    LabelPart agent;
    auto operator<=>(const SetKey&) const = default;
  };
  struct Set {
    const Agent* agent = nullptr;  // null for what is there to the end
    std::vector<Line> lines;       // in the order of metric and last label; few
  };
  using Sets = std::map<SetKey, Set>;

  void drop_ended();
  void map_new_series();
  void map_series(SeriesList& list, const Agent* agent);

  const Clock now_;
  const std::vector<SeriesSource*> sources_;
  ScrapedFigures* const figures_;
  std::map<std::string, Agent> agents_;
  Sets sets_;
  std::set<LabelPart> lasts_;  // those of all sets are the same few: outcomes, status codes
  const LabelPart no_labels_;
  const LabelPart version_label_;
  std::array<LabelPart, kMetricCount> metric_labels_;  // of telemetry_series
};

}  // namespace archestra::telemetry
