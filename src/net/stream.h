// A two-way byte stream: TCP, TLS over TCP, or an in-memory pipe in tests. Operations never block;
// where they cannot go on, wait for `readiness`. One reader and one writer, on the loop's thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/error.h"
#include "net/event_loop.h"
#include "net/readiness.h"

namespace archestra::net {

enum class IoStatus : std::uint8_t {
  kDone,     ///< `bytes` were moved, at least one
  kBlocked,  ///< wait for readiness, then try again
  kEnd,      ///< the peer ended its side in good order (reads only)
  kFailed,   ///< `error` tells; the stream is of no more use
};

struct IoResult {
  IoStatus status = IoStatus::kBlocked;
  std::size_t bytes = 0;
  base::Error error{base::ErrorCode::kSystem};
};

class Stream {
 public:
  explicit Stream(EventLoop& event_loop) : loop(event_loop) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// Reads what is there, at most `size` bytes.
  virtual IoResult try_read(char* to, std::size_t size) = 0;
  /// Writes as much of `pieces` as goes now, in order.
  virtual IoResult try_write(std::span<const iovec> pieces) = 0;
  /// Says that nothing more will be written (FIN, or close_notify and FIN).
  virtual void shut_down_write() = 0;
  /// From now on a close discards what was not sent and tells the peer so (RST).
  virtual void abort() = 0;

  /// How many bytes went to the kernel so far, as they travel (of TLS, its records).
  virtual std::uint64_t sent_bytes() const { return 0; }
  /// Once the peer has ended its side (kEnd, or kClosed): whether it did so before its kernel had any byte
  /// beyond the first `before`, as far as acknowledgements prove it. False where nothing does.
  virtual bool ended_before_taking(std::uint64_t /*before*/) const { return false; }

  EventLoop& loop;
  Readiness readiness;
};

using StreamPtr = std::unique_ptr<Stream>;

}  // namespace archestra::net
