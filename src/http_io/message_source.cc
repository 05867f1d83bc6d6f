#include "http_io/message_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace archestra::http_io {
namespace {

// Up to here a body's announced length is believed and room made at once; a longer body earns its room
// by arriving, so that a client cannot reserve memory with a header.
constexpr std::size_t kTrustedBytes = std::size_t{1} << 20;

}  // namespace

bool MessageSource::move_to(std::size_t capacity) {
  base::Buffer next = pool_.try_take(capacity);
  if (!next) return false;
  const std::size_t unread = end_ - begin_;
  if (unread > 0) std::memcpy(next.data(), buffer_.data() + begin_, unread);
  if (pinned_ && !pinned_buffer_) pinned_buffer_ = std::move(buffer_);
  buffer_ = std::move(next);
  begin_ = 0;
  end_ = unread;
  return true;
}

net::IoResult MessageSource::fill() {
  if (!buffer_) {
    buffer_ = pool_.take();
    begin_ = end_ = 0;
  } else if (end_ == buffer_.size()) {
    const std::size_t unread = end_ - begin_;
    const bool may_compact = !pinned_ || pinned_buffer_;
    if (may_compact && unread <= buffer_.size() / 2) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, unread);
      begin_ = 0;
      end_ = unread;
    } else if (!move_to(std::max(base::BufferPool::kSmallest, unread * 2))) {
      return {.status = net::IoStatus::kFailed,
              .error = {base::ErrorCode::kOverload, "no memory for what is to be read"}};
    }
  }
  const net::IoResult result = stream_.try_read(buffer_.data() + end_, buffer_.size() - end_);
  if (result.status == net::IoStatus::kDone) end_ += result.bytes;
  return result;
}

bool MessageSource::reserve(std::size_t bytes) { return (buffer_ && room() >= bytes) || move_to(bytes); }

void MessageSource::release_if_empty() {
  if (begin_ != end_ || (pinned_ && !pinned_buffer_)) return;
  buffer_.release();
  begin_ = end_ = 0;
}

void MessageSource::unpin() {
  pinned_ = false;
  pinned_buffer_.release();
  release_if_empty();
}

base::Result<std::string_view> MessageSource::next_run() {
  while (!decoder_.done() && begin_ != end_) {
    const auto step = decoder_.next(buffered());
    if (!step) return base::fail(step.error());
    consume(step->consumed);
    if (!step->content.empty()) return step->content;
    if (step->consumed == 0) break;
  }
  return std::string_view();
}

namespace {

// Each byte that came buys the time it may take at the lowest rate.
base::MonotonicTime deadline_after(base::MonotonicTime deadline, std::size_t bytes,
                                   const BodyLimits& limits) {
  if (limits.bytes_per_second_min == 0) return deadline;
  const auto bought = std::chrono::duration<double>(static_cast<double>(bytes) /
                                                    static_cast<double>(limits.bytes_per_second_min));
  return deadline + std::chrono::duration_cast<base::Duration>(bought);
}

net::Task<base::Result<void>> fill_some(MessageSource& source, base::MonotonicTime deadline) {
  net::Stream& stream = source.stream();
  while (true) {
    const net::Wake wake =
        co_await net::Wait(stream.loop, {{&stream.readiness, net::Interest::kReadable}}, deadline);
    if (wake == net::Wake::kTimeout) co_return base::fail(base::ErrorCode::kTimeout, "reading the body", 408);
    if (wake == net::Wake::kCancelled) co_return base::fail(base::ErrorCode::kCancelled, "reading the body");
    const net::IoResult read = source.fill();
    if (read.status == net::IoStatus::kDone) co_return {};
    if (read.status == net::IoStatus::kEnd)
      co_return base::fail(base::ErrorCode::kClosed, "the body ended early");
    if (read.status == net::IoStatus::kFailed) co_return base::fail(read.error);
  }
}

// Whether a buffer of the pool may grow from `bytes` to `want`.
bool may_grow(const base::BufferPool& pool, std::size_t bytes, std::size_t want, const BodyLimits& limits) {
  return pool.bytes_in_use() - std::min(bytes, pool.bytes_in_use()) + want <= limits.memory_bytes_max;
}

std::unexpected<base::Error> too_much_memory() {
  return base::fail(base::ErrorCode::kOverload, "too many bytes of bodies in memory", 503);
}

net::Task<base::Result<WholeBody>> read_body_of_length(MessageSource& source, std::size_t length,
                                                       BodyLimits limits, base::MonotonicTime deadline) {
  while (source.buffered().size() < length) {
    const std::size_t have = source.buffered().size();
    if (source.room() < length && source.room() <= have) {
      const std::size_t want = std::min(length, std::max(kTrustedBytes, have * 2));
      if (!may_grow(source.pool(), source.room(), want, limits) || !source.reserve(want))
        co_return too_much_memory();
    }
    const auto filled = co_await fill_some(source, deadline_after(deadline, have, limits));
    if (!filled) co_return base::fail(filled.error());
  }
  WholeBody body{.content = source.buffered().substr(0, length), .storage = {}};
  source.consume(length);
  co_return body;
}

net::Task<base::Result<WholeBody>> read_chunked_body(MessageSource& source, BodyLimits limits,
                                                     base::MonotonicTime deadline) {
  WholeBody body{.content = {}, .storage = source.pool().take()};
  std::size_t size = 0;
  while (true) {
    const auto run = source.next_run();
    if (!run) co_return base::fail(run.error());
    if (run->empty()) {
      if (source.body_done()) break;
      const auto filled = co_await fill_some(source, deadline_after(deadline, size, limits));
      if (!filled) co_return base::fail(filled.error());
      continue;
    }
    if (size + run->size() > limits.body_bytes_max)
      co_return base::fail(base::ErrorCode::kTooLarge, "the body is too large", 413);
    if (size + run->size() > body.storage.size()) {
      const std::size_t want = std::max(2 * body.storage.size(), size + run->size());
      if (!may_grow(source.pool(), body.storage.size(), want, limits)) co_return too_much_memory();
      base::Buffer larger = source.pool().try_take(want);
      if (!larger) co_return too_much_memory();
      std::memcpy(larger.data(), body.storage.data(), size);
      body.storage = std::move(larger);
    }
    std::memcpy(body.storage.data() + size, run->data(), run->size());
    size += run->size();
  }
  body.content = {body.storage.data(), size};
  co_return body;
}

}  // namespace

net::Task<base::Result<WholeBody>> read_whole_body(MessageSource& source, http::BodyFraming framing,
                                                   BodyLimits limits, base::MonotonicTime deadline) {
  if (framing.kind == http::BodyKind::kChunked) {
    source.start_body(framing);
    co_return co_await read_chunked_body(source, limits, deadline);
  }
  if (framing.kind == http::BodyKind::kNone) co_return WholeBody{};
  if (framing.length > limits.body_bytes_max)
    co_return base::fail(base::ErrorCode::kTooLarge, "the body is too large", 413);
  co_return co_await read_body_of_length(source, static_cast<std::size_t>(framing.length), limits, deadline);
}

}  // namespace archestra::http_io
