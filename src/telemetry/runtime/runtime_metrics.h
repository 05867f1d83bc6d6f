// What the process is busy with, under names of its own (runtime_*) and under those that dashboards for
// Node.js ask for (nodejs_*): lag of the event loops, operations under way, open handles, memory. Whoever has
// something to show gives its cells; the scrape reads them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer_pool.h"
#include "base/stats.h"
#include "telemetry/metrics/cells.h"
#include "telemetry/metrics/scrape.h"
#include "telemetry/metrics/series.h"
#include "telemetry/runtime/loop_lag.h"

namespace archestra::telemetry {

/// TLS handshakes by how they ended.
struct HandshakeCounts {
  const Counter& full;
  const Counter& resumed;
  const Counter& failed;
};

class RuntimeMetrics final : public ScrapedFigures {
 public:
  RuntimeMetrics();
  RuntimeMetrics(const RuntimeMetrics&) = delete;
  RuntimeMetrics& operator=(const RuntimeMetrics&) = delete;

  // The control thread. What is given outlives the last scrape. Of the same type may be several: they are
  // added up.

  /// Asynchronous operations under way.
  void show_requests(std::string_view type, const base::Gauge& under_way);
  /// What is open or armed.
  void show_handles(std::string_view type, const base::Gauge& open);
  /// TLS handshakes on sockets of such a type.
  void show_handshakes(std::string_view type, const HandshakeCounts& counts);
  /// The lag of one event loop. Before the first scrape.
  void show_lag(const base::DelayHistogram& lag) { lag_.add(lag); }
  /// The buffers of one thread.
  void show_buffers(const base::PoolStats& pool);
  /// Connections beyond a limit. `limit` as the label.
  void show_over_limit(std::string_view limit, const base::Counter& connections);
  /// How often nothing could be accepted.
  void show_accept_pauses(const base::Counter& pauses);
  /// A histogram of how long memory was given back for, to be written by one thread. `kind` as the label.
  Histogram& add_reclaims(std::string_view kind);

  /// What the scrape takes from, on its own thread.
  SeriesSource& series() { return series_.source(); }

  // Scrape thread.

  void read(const ProcessStats& process, Reader reader, std::vector<Figure>& out) override;

 private:
  void read_lag(Reader reader, std::vector<Figure>& out);
  void read_heap_into(std::vector<Figure>& out);

  LoopLag lag_;
  std::array<LoopLag::Window, kReaderCount> lag_windows_;
  base::Gauge open_files_;
  std::deque<Histogram> reclaims_;
  FixedSeries series_;
  const LabelPart version_labels_;
  const LabelPart info_labels_;
};

}  // namespace archestra::telemetry
