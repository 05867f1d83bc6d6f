// Gives memory back that a busy time has left behind: idle buffers of the shards to the allocator, and unused
// pages of the allocator to the system. It looks every few seconds and does nothing as long as there is
// nothing to gain, so that a load that comes and goes from one moment to the next finds its memory warm. On
// one thread that is no shard's: giving pages back takes milliseconds.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "telemetry/metrics/cells.h"

namespace archestra::telemetry {

class RuntimeMetrics;

class MemoryKeeper {
 public:
  /// How often to call look().
  static constexpr base::Duration kLookInterval = std::chrono::seconds(2);
  /// Less than this is left where it is.
  static constexpr std::uint64_t kHeapBytesMin = std::uint64_t{4} << 20;
  static constexpr std::uint64_t kBufferBytesMin = std::uint64_t{1} << 20;

  /// `metrics` outlives it, and gets the time that each purge took.
  explicit MemoryKeeper(RuntimeMetrics& metrics);
  MemoryKeeper(const MemoryKeeper&) = delete;
  MemoryKeeper& operator=(const MemoryKeeper&) = delete;

  /// The buffers of another thread: `post_trim` has that thread give back what lies idle. Before the first
  /// look; `pool` outlives the last one.
  void add_pool(const base::PoolStats& pool, std::move_only_function<void()> post_trim) {
    pools_.push_back({&pool, std::move(post_trim)});
  }

  void look();

 private:
  struct Pool {
    const base::PoolStats* stats;
    std::move_only_function<void()> post_trim;
  };

  Histogram& purges_;
  std::vector<Pool> pools_;
  std::uint64_t unused_before_ = 0;  // at the last look
};

}  // namespace archestra::telemetry
