// Whether telemetry arrives, as values for whoever shows it.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace archestra::telemetry {

/// How the last requests to the collector went. Written by the export thread, once for each; any thread
/// reads.
class ExportHealth {
 public:
  struct Facts {
    bool failing = false;    ///< the last one failed
    std::string last_error;  ///< "" where none failed yet
    std::optional<base::WallTime> last_error_at;
    std::optional<base::WallTime> last_success_at;
  };

  void note_success() {
    const std::scoped_lock lock(mutex_);
    facts_.failing = false;
    facts_.last_success_at = base::wall_now();
  }
  void note_error(std::string_view why) {
    const std::scoped_lock lock(mutex_);
    facts_.failing = true;
    facts_.last_error = why;
    facts_.last_error_at = base::wall_now();
  }
  Facts facts() const {
    const std::scoped_lock lock(mutex_);
    return facts_;
  }

 private:
  mutable std::mutex mutex_;
  Facts facts_;
};

/// What waits in a queue, and may.
struct QueueFill {
  std::int64_t waiting = 0;
  std::int64_t max = 0;
};

/// As telemetry_dropped_total has it.
struct Dropped {
  std::string_view signal;
  std::string_view reason;
  std::uint64_t count = 0;
};

struct Health {
  ExportHealth::Facts exports;
  std::uint64_t spans_sent = 0;
  std::uint64_t spans_rejected = 0;
  std::int64_t unsent_spans = 0;           ///< in memory and on the disk
  std::int64_t oldest_unsent_seconds = 0;  ///< age of the oldest of them; 0 for none
  QueueFill spans;                         ///< for the collector, in memory alone
  QueueFill spool_bytes;                   ///< of files with spans
  QueueFill record_bytes;                  ///< in the fullest ring of a shard
  QueueFill log_bytes;                     ///< for the log writer
  std::vector<Dropped> dropped;
};

}  // namespace archestra::telemetry
