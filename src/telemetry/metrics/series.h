// How a recording thread shows its series to the scrape thread. It hands them over through lists that the
// one adds to and the other takes from, without a lock; after that the one goes on writing to the cells,
// and the other reads them. Those of an agent are in a group that both hold, so that nobody waits for the
// other to let go of them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "telemetry/metrics/catalogue.h"
#include "telemetry/metrics/cells.h"
#include "telemetry/metrics/labels.h"
#include "telemetry/metrics/summary.h"

namespace archestra::telemetry {

/// A list that one thread adds to and one other takes from.
template <class T>
class HandOver {
 public:
  HandOver() = default;
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;
  ~HandOver() { take(); }

  /// The owner's thread. Allocates.
  void publish(T item) {
    Node* const node = new Node{std::move(item), newest_.load(std::memory_order_relaxed)};
    // Only the owner adds, so what stood in front can be gone by now, but nothing else can have come.
    while (!newest_.compare_exchange_weak(node->older, node, std::memory_order_release,
                                          std::memory_order_relaxed)) {
    }
  }
  /// The owner's thread. Takes back what the other thread has not taken and is `unwanted`. Who takes at the
  /// same time may get nothing, and the rest the next time.
  template <class Predicate>
  void take_back(Predicate unwanted) {
    for (T& item : take())
      if (!unwanted(item)) publish(std::move(item));
  }

  /// The other thread: what was published since the last time, the oldest first.
  std::vector<T> take() {
    std::vector<T> taken;
    if (newest_.load(std::memory_order_relaxed) == nullptr) return taken;
    for (Node* node = newest_.exchange(nullptr, std::memory_order_acquire); node != nullptr;) {
      taken.push_back(std::move(node->item));
      delete std::exchange(node, node->older);
    }
    std::ranges::reverse(taken);
    return taken;
  }

 private:
  struct Node {
    T item;
    Node* older;
  };
  std::atomic<Node*> newest_{nullptr};
};

using Cell = std::variant<const Counter*, const CallCounter*, const Gauge*, const Histogram*, const Summary*>;

/// One series of one thread. Several threads may have one with the same labels: a scrape adds them up.
struct Series {
  Metric metric;
  const LabelBase* base;  ///< lives, as the cell, as long as the list that it is published in
  std::string last;       ///< the value of the family's last label, where `base` does not give it
  Cell cell;
};
using SeriesList = HandOver<Series>;

/// Time as retirement sees it; tests have one of their own.
using Clock = base::MonotonicTime (*)();

/// The series of one agent on one recording thread, which go together; derived classes hold their cells.
/// Groups with the same name on several threads are one agent's, whose series vanish when all of them have
/// ended. A group ends some time after its agent was deleted and not before its calls are over, by the
/// hand of the owner or of the scrape, whoever sees first that it is time.
class SeriesGroup {
 public:
  explicit SeriesGroup(std::string name) : name_(std::move(name)) {}
  SeriesGroup(const SeriesGroup&) = delete;
  SeriesGroup& operator=(const SeriesGroup&) = delete;
  virtual ~SeriesGroup() = default;

  // The owner's thread.

  void begin_call() { in_flight_.add(1); }
  void end_call() { in_flight_.add(-1); }
  /// From now on no call begins, and from `time` on the group may end.
  void end_at(base::MonotonicTime time) { ends_at_.store(ticks(time), std::memory_order_release); }
  /// Takes end_at() back. False where the group has ended: nobody sees its series any more.
  bool try_go_on();

  // Any thread.

  const std::string& name() const { return name_; }
  /// Ends the group where it is time and nothing is in flight. Whether it has ended.
  bool try_end(base::MonotonicTime now);
  /// Whether try_end() would.
  bool is_over(base::MonotonicTime now) const;
  bool has_ended() const { return ends_at_.load(std::memory_order_acquire) == kEnded; }

  /// Published by the owner, taken by the scrape.
  SeriesList series;

 private:
  static std::int64_t ticks(base::MonotonicTime time) { return time.time_since_epoch().count(); }
  static constexpr std::int64_t kEnded = INT64_MIN;

  const std::string name_;
  std::atomic<std::int64_t> ends_at_{ticks(base::kNever)};
  Gauge in_flight_;
};
using SeriesGroupRef = std::shared_ptr<SeriesGroup>;

/// All that a recording thread shows.
struct SeriesSource {
  SeriesList series;  ///< there to the end
  HandOver<SeriesGroupRef> groups;
};

/// Series that are there from the start to the end, with their labels; the cells are somebody else's.
class FixedSeries {
 public:
  FixedSeries() = default;
  FixedSeries(const FixedSeries&) = delete;
  FixedSeries& operator=(const FixedSeries&) = delete;

  /// `values` are those of the family's labels; `cell` outlives the last scrape. One thread.
  void publish(Metric metric, std::vector<std::string> values, Cell cell) {
    labels_.push_back({std::move(values), {}});
    source_.series.publish({metric, &labels_.back(), "", cell});
  }
  /// What the scrape takes from, on its own thread.
  SeriesSource& source() { return source_; }

 private:
  std::deque<LabelBase> labels_;
  SeriesSource source_;
};

/// The labels that `series.base` gives, in the order of the family; without those of the agent.
LabelPart base_labels(const Series& series);
/// The family's last label, where `series.base` does not give it.
LabelPart last_label(const Series& series);

}  // namespace archestra::telemetry
