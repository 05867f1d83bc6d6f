// Pieces of bytes on their way out, in order, without copying: heads, runs of content, chunk framing.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/stream.h"
#include "net/task.h"

namespace archestra::http_io {

/// Up to kPiecesMax views; who owns the bytes keeps them until everything is sent.
class Outbox {
 public:
  static constexpr std::size_t kPiecesMax = 64;

  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    pieces_[count_++] = {const_cast<char*>(bytes.data()), bytes.size()};
    bytes_ += bytes.size();
  }
  bool empty() const { return first_ == count_; }
  std::size_t room() const { return kPiecesMax - count_; }
  std::size_t bytes() const { return bytes_; }
  void clear() { first_ = count_ = bytes_ = 0; }

  /// Writes as much as goes now. kDone: all of it is out and the box is empty; kBlocked: wait for
  /// writability; kFailed.
  net::IoResult try_send(net::Stream& to);

 private:
  std::array<iovec, kPiecesMax> pieces_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;  // still to send
};

/// The size line of a chunk (RFC 9112 section 7.1).
class ChunkSize {
 public:
  /// Valid until the next call.
  std::string_view text(std::size_t bytes);

 private:
  std::array<char, 18> line_;  // 16 hex digits at most, and CRLF
};

/// How long a sender waits: for a peer that takes nothing, and in all.
struct SendLimits {
  base::Duration stall = base::Duration::max();
  base::MonotonicTime deadline = base::kNever;

  /// When a wait that begins at `now` ends.
  base::MonotonicTime next(base::MonotonicTime now) const {
    return stall < deadline - now ? now + stall : deadline;
  }
};

/// Sends everything in `box`. kTimeout, kReset; `gone` (may be null) ends the wait with kCancelled.
net::Task<base::Result<void>> send_all(Outbox& box, net::Stream& to, SendLimits limits, net::Readiness* gone);

}  // namespace archestra::http_io
