#include "http_io/inbound_connection.h"

namespace archestra::http_io {

base::Result<bool> InboundConnection::try_parse(http::RequestHead& head, http::HeadProgress& progress) {
  if (source_.buffered().empty()) return false;
  const auto parsed = http::parse_request_head(source_.buffered(), limits_.head, progress, head);
  if (!parsed) return base::fail(parsed.error());
  if (*parsed == 0) return false;
  source_.consume(*parsed);
  source_.pin();
  return true;
}

net::Task<base::Result<void>> InboundConnection::read_head(http::RequestHead& head) {
  http::HeadProgress progress;
  net::Readiness& readiness = stream_->readiness;
  head_wait_ = {};
  bool begun = !source_.buffered().empty();  // a pipelined request
  if (begun) request_started_ = base::monotonic_now();
  base::MonotonicTime deadline = stream_->loop.now() + (begun ? limits_.head_timeout : limits_.idle_timeout);
  while (true) {
    const auto complete = try_parse(head, progress);
    if (!complete) co_return base::fail(complete.error());
    if (*complete) co_return {};
    if (!readiness.readable) {
      const auto waiting_since = begun ? base::monotonic_now() : base::MonotonicTime();
      const net::Wake wake =
          co_await net::Wait(stream_->loop, {{&readiness, net::Interest::kReadable}}, deadline);
      if (begun) head_wait_ += base::monotonic_now() - waiting_since;
      if (wake == net::Wake::kTimeout && begun)
        co_return base::fail(base::ErrorCode::kTimeout, "the request head did not arrive in time", 408);
      if (wake != net::Wake::kFirst) co_return base::fail(base::ErrorCode::kClosed, "no request");
    }
    const net::IoResult read = source_.fill();
    if (read.status == net::IoStatus::kDone && !begun) {
      begun = true;
      request_started_ = base::monotonic_now();
      deadline = stream_->loop.now() + limits_.head_timeout;
    }
    if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed)
      co_return base::fail(base::ErrorCode::kClosed, "the client left");
    if (read.status == net::IoStatus::kBlocked) source_.release_if_empty();
  }
}

void InboundConnection::finish_request() { source_.unpin(); }

}  // namespace archestra::http_io
