// GET /api/live: what happens each second, for everybody who watches. Seconds come on the export thread and
// are written once for all; watchers come on the api thread; each stream's loop sends it. One mutex, held for
// as long as it takes to give an event to all streams.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/answers.h"
#include "api/query.h"
#include "http_io/event_stream.h"
#include "telemetry/history/history.h"

namespace archestra::api {

class LiveFeed {
 public:
  static constexpr std::size_t kStreamsMax = 64;
  /// Who watches has to come again and show that he still may.
  static constexpr base::Duration kStreamTime = std::chrono::minutes(5);
  static constexpr std::size_t kSecondsKept = 120;

  /// Outlives the export thread, which is not there yet.
  explicit LiveFeed(telemetry::History& history);
  LiveFeed(const LiveFeed&) = delete;

  ServiceAnswer watch(const Query& query);

 private:
  void on_second(const telemetry::LiveSecond& second);

  std::mutex mutex_;                 // guards what follows
  std::deque<std::string> seconds_;  // as JSON, the last ones
  std::vector<std::weak_ptr<http_io::EventStream>> streams_;
};

}  // namespace archestra::api
