// The thread of the platform API: takes requests from the shards one after the other, in their order. May
// wait for the disk and for the shards, never for a client.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "api/api.h"
#include "base/stats.h"
#include "http_io/service.h"

namespace archestra::api {

class ApiThread final : public http_io::Service {
 public:
  /// Requests that wait, by number and by the bytes of their bodies.
  static constexpr std::size_t kWaitingMax = 256;
  static constexpr std::size_t kWaitingBytesMax = std::size_t{16} << 20;

  ApiThread() = default;
  ApiThread(const ApiThread&) = delete;
  /// Stops it.
  ~ApiThread() override;

  /// Starts the thread, which from now on alone uses `api`. What was submitted before waits until now.
  void start(std::unique_ptr<Api> api);
  /// Takes no request any more, answers those that wait and whose client does too, ends the thread and lets
  /// go of what it used.
  void stop();

  /// Requests that wait or are being answered. Any thread.
  const base::Gauge& under_way() const { return under_way_; }

  std::string_view route_of(std::string_view path) const override;
  bool try_submit(http_io::ServiceRequest request, std::shared_ptr<http_io::AnswerSlot> slot) override;

 private:
  struct Entry {
    http_io::ServiceRequest request;
    std::shared_ptr<http_io::AnswerSlot> slot;
  };
  void run(Api& api);
  bool take(Entry& entry);
  void finish(Entry& entry);

  std::mutex mutex_;  // guards what follows up to the condition
  std::deque<Entry> waiting_;
  std::size_t waiting_bytes_ = 0;
  base::Gauge under_way_;
  bool stopping_ = false;
  std::condition_variable changed_;
  std::unique_ptr<Api> api_;
  std::thread thread_;
};

}  // namespace archestra::api
