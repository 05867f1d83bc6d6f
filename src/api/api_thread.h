// The thread of the platform API: takes requests from the shards one after the other, in their order; and,
// where none waits, the tools that agents declare. May wait for the disk and for the shards, never for a
// client.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "api/api.h"
#include "base/clock.h"
#include "base/stats.h"
#include "call/tool_sink.h"
#include "http_io/service.h"

namespace archestra::api {

class ApiThread final : public http_io::Service, public call::ToolSink {
 public:
  /// Requests that wait, by number and by the bytes of their bodies.
  static constexpr std::size_t kWaitingMax = 256;
  static constexpr std::size_t kWaitingBytesMax = std::size_t{16} << 20;
  /// Declarations of tools that wait, by number and by their bytes, and the least time between two looks at
  /// them: tools that are never the same twice cost the disk no more than a few writes a second.
  static constexpr std::size_t kDeclaredMax = 256;
  static constexpr std::size_t kDeclaredQueueBytesMax = std::size_t{8} << 20;
  static constexpr base::Duration kLearnInterval = std::chrono::milliseconds(200);
  /// The same after the store has failed: a lock of another process is waited for each time.
  static constexpr base::Duration kLearnPause = std::chrono::seconds(5);

  ApiThread() = default;
  ApiThread(const ApiThread&) = delete;
  /// Stops it.
  ~ApiThread() override;

  /// Starts the thread, which from now on alone uses `api`. What was submitted before waits until now.
  void start(std::unique_ptr<Api> api);
  /// Takes no request any more, answers those that wait and whose client does too, ends the thread and lets
  /// go of what it used. Tools that wait are not learned: they will be declared again.
  void stop();
  /// Any thread: policies are read from the store again, soon.
  void reload_policies();

  /// Requests that wait or are being answered. Any thread.
  const base::Gauge& under_way() const { return under_way_; }

  std::string_view route_of(std::string_view path) const override;
  bool try_submit(http_io::ServiceRequest request, std::shared_ptr<http_io::AnswerSlot> slot) override;
  bool try_learn(const model::AgentRef& agent, std::vector<model::DeclaredTool> tools) override;

 private:
  struct Entry {
    http_io::ServiceRequest request;
    std::shared_ptr<http_io::AnswerSlot> slot;
  };
  /// What to do next; one of them.
  struct Work {
    bool reload = false;
    std::optional<Entry> request = {};
    std::vector<DeclaredTools> declared = {};
  };
  void run(Api& api);
  bool take(Work& work);
  void answer(Api& api, Entry entry);

  std::mutex mutex_;  // guards what follows up to the condition
  std::deque<Entry> waiting_;
  std::size_t waiting_bytes_ = 0;
  base::Gauge under_way_;
  std::vector<DeclaredTools> declared_;
  std::size_t declared_bytes_ = 0;
  bool reload_wanted_ = false;
  bool stopping_ = false;
  std::condition_variable changed_;
  base::MonotonicTime learn_at_ = {};  // the thread's own
  std::unique_ptr<Api> api_;
  std::thread thread_;
};

}  // namespace archestra::api
