// How a recording thread shows its series to the scrape thread: an append-only list. The owner
// appends, others walk from the newest to the one they saw last; nothing is ever taken out, so a
// reader needs no lock and a series is described once.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <variant>

#include "telemetry/metrics/catalogue.h"
#include "telemetry/metrics/cells.h"
#include "telemetry/metrics/labels.h"

namespace archestra::telemetry {

using Cell = std::variant<const Counter*, const Gauge*, const Histogram*>;

/// One series of one thread. Several threads may have one with the same labels: a scrape adds them up.
struct Series {
  Metric metric;
  const LabelBase* base;  ///< lives as long as the list
  std::string last;       ///< the value of the family's last label, where `base` does not give it
  Cell cell;              ///< lives as long as the list
  const Series* older = nullptr;
};

class SeriesList {
 public:
  SeriesList() = default;
  SeriesList(const SeriesList&) = delete;
  SeriesList& operator=(const SeriesList&) = delete;
  ~SeriesList() {
    for (const Series* series = newest(); series != nullptr;) delete std::exchange(series, series->older);
  }

  /// The owner's thread. Allocates: for the first sight of a series only.
  void publish(Metric metric, const LabelBase& base, std::string last, Cell cell) {
    const Series* older = newest_.load(std::memory_order_relaxed);
    newest_.store(new Series{metric, &base, std::move(last), cell, older}, std::memory_order_release);
  }

  /// Any thread. Null where there is none.
  const Series* newest() const { return newest_.load(std::memory_order_acquire); }

 private:
  std::atomic<const Series*> newest_{nullptr};
};

/// The labels of a series with their names: the catalogue's, then the agent's.
Labels labels_of(const Series& series);

}  // namespace archestra::telemetry
