// The reading half of an HTTP connection: bytes from a stream, taken apart into heads and runs of body
// content. Holds a buffer only while there are bytes in it. Belongs to the stream's loop.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/buffer_pool.h"
#include "base/result.h"
#include "http/body_framing.h"
#include "net/stream.h"
#include "net/task.h"

namespace archestra::http_io {

class MessageSource {
 public:
  /// Stream and pool outlive it.
  MessageSource(net::Stream& stream, base::BufferPool& pool) : stream_(stream), pool_(pool) {}

  /// What has been read and not consumed. Valid until the next fill(), reserve() or release.
  std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t bytes) { begin_ += bytes; }

  /// One read from the stream into free room, which grows where needed. Bytes that are pinned stay
  /// where they are. kOverload where there is no memory for that.
  net::IoResult fill();
  /// How many unread bytes the buffer can hold in one piece, those that it holds included.
  std::size_t room() const { return buffer_.size() - begin_; }
  /// Makes room() for `bytes` unread bytes. False where there is no memory for them.
  bool reserve(std::size_t bytes);
  /// Gives the buffer back where nothing unread is in it, so that a connection that waits holds none.
  /// Never while pinned.
  void release_if_empty();

  /// From here on the bytes read so far do not move: a head's views point at them. Until unpin().
  void pin() { pinned_ = true; }
  void unpin();

  /// The body that follows in the stream.
  void start_body(http::BodyFraming framing) { decoder_ = http::BodyDecoder(framing); }
  bool body_done() const { return decoder_.done(); }
  /// The next run of content among the buffered bytes; empty where more bytes are needed or the body is
  /// done. Views point into the buffer.
  base::Result<std::string_view> next_run();
  /// The stream has ended: is that a good end for this body? kReset where it is not.
  base::Result<void> end_of_stream() { return decoder_.on_end_of_stream(); }

  net::Stream& stream() { return stream_; }
  base::BufferPool& pool() { return pool_; }

 private:
  bool move_to(std::size_t capacity);

  net::Stream& stream_;
  base::BufferPool& pool_;
  base::Buffer buffer_;
  base::Buffer pinned_buffer_;  // an earlier buffer_ that a head's views point into
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool pinned_ = false;
  http::BodyDecoder decoder_;
};

/// A request body read whole. Owned by the exchange; see docs/decisions/0002-who-owns-a-request-body.md.
struct WholeBody {
  std::string_view content;
  base::Buffer storage;  ///< empty where `content` lies in the connection's own buffer
};

struct BodyLimits {
  /// Of one body.
  std::size_t body_bytes_max = std::size_t{70} << 20;
  /// Of all buffers of the pool, looked at where one grows.
  std::size_t memory_bytes_max = std::size_t{512} << 20;
  /// A body that keeps to this rate may pass its deadline; 0: none may.
  std::size_t bytes_per_second_min = 0;
};

/// Reads the body of `framing` to its end. kTooLarge/413, kOverload (memory), kMalformed/400, kTimeout,
/// kClosed or kReset where the sender left, kCancelled.
net::Task<base::Result<WholeBody>> read_whole_body(MessageSource& source, http::BodyFraming framing,
                                                   BodyLimits limits, base::MonotonicTime deadline);

}  // namespace archestra::http_io
