#include "http_io/event_stream.h"

#include <utility>

namespace archestra::http_io {

void EventStream::put(Event event) {
  const std::scoped_lock lock(mutex_);
  latest_ = std::move(event);
  if (loop_ == nullptr || std::exchange(is_posted_, true)) return;
  loop_->post([stream = shared_from_this()] {
    const std::scoped_lock own(stream->mutex_);
    stream->is_posted_ = false;
    if (stream->latest_ != nullptr) stream->arrived_.set_readable();
  });
}

void EventStream::begin(net::EventLoop& loop) {
  const std::scoped_lock lock(mutex_);
  loop_ = &loop;
  if (latest_ != nullptr) arrived_.set_readable();
}

void EventStream::end() {
  const std::scoped_lock lock(mutex_);
  loop_ = nullptr;
}

EventStream::Event EventStream::take() {
  arrived_.readable = false;
  const std::scoped_lock lock(mutex_);
  return std::exchange(latest_, nullptr);
}

}  // namespace archestra::http_io
