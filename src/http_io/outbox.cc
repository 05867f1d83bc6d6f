#include "http_io/outbox.h"

#include <charconv>

namespace archestra::http_io {

net::IoResult Outbox::try_send(net::Stream& to) {
  while (first_ < count_) {
    const net::IoResult result = to.try_write({pieces_.data() + first_, count_ - first_});
    if (result.status != net::IoStatus::kDone) return result;
    std::size_t sent = result.bytes;
    bytes_ -= sent;
    while (first_ < count_ && sent >= pieces_[first_].iov_len) sent -= pieces_[first_++].iov_len;
    if (first_ == count_) break;
    // A short write: the socket is full; the next try would only say so.
    pieces_[first_].iov_base = static_cast<char*>(pieces_[first_].iov_base) + sent;
    pieces_[first_].iov_len -= sent;
    to.readiness.writable = false;
    return {.status = net::IoStatus::kBlocked};
  }
  clear();
  return {.status = net::IoStatus::kDone};
}

std::string_view ChunkSize::text(std::size_t bytes) {
  char* end = std::to_chars(line_.data(), line_.data() + 16, bytes, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {line_.data(), static_cast<std::size_t>(end - line_.data())};
}

net::Task<base::Result<void>> send_all(Outbox& box, net::Stream& to, SendLimits limits,
                                       net::Readiness* gone) {
  while (true) {
    const net::IoResult sent = box.try_send(to);
    if (sent.status == net::IoStatus::kDone) co_return {};
    if (sent.status == net::IoStatus::kFailed) co_return base::fail(sent.error);
    const base::MonotonicTime deadline = limits.next(to.loop.now());
    const net::Wake wake = co_await net::Wait(
        to.loop, {{gone, net::Interest::kGone}, {&to.readiness, net::Interest::kWritable}}, deadline);
    if (wake == net::Wake::kTimeout) co_return base::fail(base::ErrorCode::kTimeout, "sending");
    if (wake != net::Wake::kSecond) co_return base::fail(base::ErrorCode::kCancelled, "sending");
  }
}

}  // namespace archestra::http_io
