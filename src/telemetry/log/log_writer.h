// Writes batches of log lines to a descriptor on a thread of its own, so that a slow reader of our
// stdout stops nobody. What waits is bounded in bytes; beyond it a batch is refused. One producer.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "telemetry/metrics/cells.h"

namespace archestra::telemetry {

class LogWriter {
 public:
  static constexpr std::size_t kQueuedBytesMax = std::size_t{4} << 20;

  /// Starts the thread. `descriptor` stays open and the caller's; blocking or not, it is left as it is.
  explicit LogWriter(int descriptor, std::size_t queued_bytes_max = kQueuedBytesMax);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter();

  /// Queues whole lines. False, with the batch untouched, where too much waits already or after stop().
  bool try_push(std::string& batch);
  /// Writes what waits, for at most `limit`, gives up the rest (counted) and ends the thread.
  void stop(base::Duration limit);

  /// What waits to be written, and is being. Any thread.
  std::size_t queued_bytes() const;
  std::size_t queued_bytes_max() const { return queued_bytes_max_; }
  /// Lines given up because the descriptor did not take them. Any thread.
  const Counter& lost_lines() const { return lost_lines_; }

 private:
  void run();
  bool take(std::string& batch);
  /// What the descriptor did not take.
  std::string_view write_all(std::string_view text);
  bool wait_until_writable();
  bool is_out_of_time();

  const int descriptor_;
  const std::size_t piece_bytes_max_;
  const std::size_t queued_bytes_max_;
  bool is_mid_line_ = false;  // the last line was written in part; the thread's own
  Counter lost_lines_;        // written by the thread alone

  mutable std::mutex mutex_;  // for the next four
  std::condition_variable changed_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  base::MonotonicTime stop_by_ = base::kNever;

  std::thread thread_;
};

}  // namespace archestra::telemetry
