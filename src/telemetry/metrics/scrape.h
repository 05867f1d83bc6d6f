// One look at all metrics: the series of every source, those with the same labels added up. One thread at a
// time; sources are read while their threads write. A source's series is mapped to its merged one once, when
// it is first seen, so that a scrape only reads numbers; and is dropped again when its agent was deleted and
// its time is up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

/// A histogram of a snapshot.
struct HistogramFigures {
  std::span<const std::uint64_t> numbers;  ///< the snapshot's

  /// One more than the family has bounds; not cumulative.
  std::span<const std::uint64_t> buckets() const { return numbers.first(numbers.size() - 1); }
  std::uint64_t sum_nanos() const { return numbers.back(); }
};

struct BucketExemplar {
  std::size_t bucket = 0;  ///< of a histogram
  Exemplar exemplar;
};

/// What few samples have.
struct SampleDetails {
  std::vector<BucketExemplar> exemplars;  ///< in the order of the buckets; of a counter at most one
  std::optional<NativeFigures> native{};  ///< of a histogram; no fewer than its buckets have
};

/// What the exemplar of a sample shows: in seconds, or what the family counts.
double shown_value(const Exemplar& exemplar, const Family& family);

/// What is more than a number lies in the snapshot.
using SampleValue = std::variant<std::uint64_t, std::int64_t, double, HistogramFigures, const SummaryValue*>;

/// One series at the time of the scrape, independent of the format it is written in. Its labels have three
/// parts, each perhaps empty, of which the series of one label set share two. A page has some ten thousand of
/// them: no bigger than it has to be.
struct Sample {
  const LabelPart* first = nullptr;  ///< what the family begins with
  const LabelPart* last = nullptr;   ///< the family's last label, where `first` does not have it
  const LabelPart* agent = nullptr;  ///< the agent's own labels
  SampleValue value;
  const SampleDetails* details = nullptr;  ///< the snapshot's; null for none
};

/// Appends the text of a sample's labels, `a="x",b="y"`.
void append_labels(std::string& out, const Sample& sample);

struct FamilySnapshot {
  const Family* family = nullptr;
  std::vector<Sample> samples;
};

/// All metrics at one time. A value: it may go to another thread and outlive any later collect(), but not the
/// Scrape.
struct Snapshot {
  /// In the order of the catalogue, those without samples too; samples in the order of their labels.
  std::vector<FamilySnapshot> families;

  const FamilySnapshot& operator[](Metric metric) const { return families[static_cast<std::size_t>(metric)]; }

  /// Memory for a histogram, zeros; stays where it is.
  std::span<std::uint64_t> add_numbers(std::size_t count);

  std::vector<std::unique_ptr<std::uint64_t[]>> numbers{};
  std::size_t numbers_left = 0;  ///< in the last block
  std::deque<SummaryValue> summaries{};
  std::deque<SampleDetails> details{};
  std::shared_ptr<const void> labels{};  ///< keeps those that its samples point to
};

struct ProcessStats;

/// Who looks. What says something of the time since the last look has a last look of each.
enum class Reader : std::uint8_t {
  kScraper,   ///< /metrics
  kExporter,  ///< metrics over OTLP
  kApi,       ///< the platform API
};
inline constexpr std::size_t kReaderCount = 3;

/// Figures that nobody keeps: they are there when they are asked for. One thread at a time.
class ScrapedFigures {
 public:
  struct Figure {
    Metric metric;
    const LabelPart* labels;  ///< null for none; lives as long as this
    std::variant<std::uint64_t, std::int64_t, double, HistogramValue> value;
  };
  virtual ~ScrapedFigures() = default;
  /// Appends what there is. `process` is what Linux says at the same time.
  virtual void read(const ProcessStats& process, Reader reader, std::vector<Figure>& out) = 0;
};

class Scrape {
 public:
  /// The sources outlive the scrape, as do the `figures` (null for none). `version` goes into
  /// archestra_build_info.
  Scrape(const std::vector<SeriesSource*>& sources, std::string version, Clock now = base::monotonic_now,
         ScrapedFigures* figures = nullptr);

  /// A call counted in one family is counted in all those before it. Series of an agent vanish all at once,
  /// when its groups on all threads have ended.
  Snapshot collect(Reader reader = Reader::kScraper);

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
  /// What was dropped while there were snapshots that may point to it. Each of them holds the one that was
  /// the newest at its time, and so those that follow.
  struct Dropped {
    std::vector<Sets::node_type> sets;
    std::shared_ptr<Dropped> next;
  };

  void drop_ended();
  void drop_sets();
  void map_new_series();
  void map_series(SeriesList& list, const Agent* agent);

  const Clock now_;
  const std::vector<SeriesSource*> sources_;
  ScrapedFigures* const figures_;
  std::map<std::string, Agent> agents_;
  Sets sets_;
  std::array<std::size_t, kMetricCount> line_counts_{};  // in all sets
  std::shared_ptr<Dropped> dropped_ = std::make_shared<Dropped>();
  std::set<LabelPart> lasts_;  // those of all sets are the same few: outcomes, status codes
  const LabelPart no_labels_;
  const LabelPart version_label_;
  std::array<LabelPart, kMetricCount> metric_labels_;  // of telemetry_series
};

}  // namespace archestra::telemetry
