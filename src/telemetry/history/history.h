// What the platform API shows of the calls before now: series of the last day and the last calls; and each
// second once it is over. All in memory and bounded; fed by the export thread with the records that spans and
// log lines are made from, once for each round of records, under a mutex that readers hold for as long as it
// takes to copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/stats.h"
#include "telemetry/history/live_seconds.h"
#include "telemetry/history/recent_calls.h"
#include "telemetry/history/series_store.h"
#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

/// Slots of one tier, and where they lie in time.
struct SeriesSnapshot {
  std::int64_t step = 0;             ///< of the tier, in seconds; slots may be shorter
  std::int64_t now = 0;              ///< as the slots' begin() counts seconds
  std::int64_t to_unix_seconds = 0;  ///< is to be added to these
  std::int64_t known_from = 0;       ///< before it nothing is known: the start, or what room there is
  std::vector<PackedSlotRef> slots;  ///< in order
};

class History {
 public:
  struct Options {
    /// Half of them for recent calls, three eighths for series, the rest for label sets.
    std::size_t bytes_max = std::size_t{32} << 20;
    Clock now = base::coarse_monotonic_now;
    base::WallTime (*wall_now)() = base::wall_now;
  };
  using OnSecond = std::function<void(const LiveSecond&)>;

  explicit History(const Options& options);
  History(const History&) = delete;

  // Before there is an export thread.

  /// Adds to what is in flight; outlives it.
  void count_in_flight(const base::Gauge& calls) { in_flight_.push_back(&calls); }
  /// Called on the export thread with each second that is over, soon after it is. Must not wait.
  void tell_seconds(OnSecond on_second) { on_second_ = std::move(on_second); }

  // Export thread.

  /// One round of records, during which readers wait.
  class Round {
   public:
    explicit Round(History& history);
    Round(const Round&) = delete;
    /// Tells the seconds that are over, after readers may go on.
    ~Round();
    /// A record and what was read from it, which has a call.
    void add(std::span<const std::byte> record, const FinishedRequest& request);

   private:
    History& history_;
    std::unique_lock<std::mutex> lock_;
    std::vector<LiveSecond> over_;
  };

  // Any thread.

  SeriesSnapshot series(std::size_t tier) const;
  RecentCalls::Held held_calls() const;
  void copy_calls_before(std::uint64_t before, std::size_t bytes, CopiedCalls& out) const;
  void copy_call(const base::SpanId& id, CopiedCalls& out) const;

 private:
  std::int64_t own_seconds() const;
  std::int64_t to_unix_seconds(std::int64_t now) const;
  void advance(std::vector<LiveSecond>& over);

  const Options options_;
  const base::MonotonicTime began_;
  const std::int64_t began_unix_;
  std::vector<const base::Gauge*> in_flight_;
  OnSecond on_second_;
  mutable std::mutex mutex_;  // guards what follows
  SeriesStore series_;
  LiveSeconds seconds_;
  RecentCalls calls_;
};

}  // namespace archestra::telemetry
