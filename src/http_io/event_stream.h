// Events for one reader, from any thread to the loop that sends them: an answer that goes on. There is room
// for one event: where the reader is slow, the next takes its place, so that nothing piles up and nobody
// waits. Shared by the two sides; the one who gives events holds it weakly, and sees so that its reader left.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "net/event_loop.h"
#include "net/readiness.h"

namespace archestra::http_io {

class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  /// Whole (`data: ...` and an empty line), shared by all who get it.
  using Event = std::shared_ptr<const std::string>;

  /// The stream ends by itself after `time_max`.
  explicit EventStream(base::Duration time_max) : time_max_(time_max) {}
  EventStream(const EventStream&) = delete;

  /// Any thread, while the reader's loop runs, if there is one.
  void put(Event event);

  // For the thread of the loop.

  base::Duration time_max() const { return time_max_; }
  /// From now on events wake this loop; until end(), before which the loop does not end.
  void begin(net::EventLoop& loop);
  void end();
  /// Readable while there is an event.
  net::Readiness& arrived() { return arrived_; }
  /// Null where there is none.
  Event take();

 private:
  const base::Duration time_max_;
  net::Readiness arrived_;  // the loop's thread only
  std::mutex mutex_;        // guards what follows; held for a moment
  Event latest_;
  net::EventLoop* loop_ = nullptr;
  bool is_posted_ = false;
};

}  // namespace archestra::http_io
