// Which calls have a line in the log: one level for all threads, read by the shards, which copy nothing for a
// line that nobody wants, and changed by the platform API while they run. Any thread.
#pragma once

#include <atomic>

#include "base/log.h"

namespace archestra::telemetry {

class AccessLogLevel {
 public:
  explicit AccessLogLevel(base::LogLevel level) : level_(level) {}
  AccessLogLevel(const AccessLogLevel&) = delete;

  base::LogLevel value() const { return level_.load(std::memory_order_relaxed); }
  void set(base::LogLevel level) { level_.store(level, std::memory_order_relaxed); }

 private:
  std::atomic<base::LogLevel> level_;
};

}  // namespace archestra::telemetry
