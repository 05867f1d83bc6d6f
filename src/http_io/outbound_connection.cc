#include "http_io/outbound_connection.h"

namespace archestra::http_io {

net::Task<base::Result<void>> OutboundConnection::read_head(http::ResponseHead& head,
                                                            const http::HeadLimits& limits,
                                                            base::MonotonicTime deadline,
                                                            net::Readiness* gone) {
  http::HeadProgress progress;
  net::Readiness& readiness = stream_->readiness;
  while (true) {
    if (!source_.buffered().empty()) {
      const auto parsed = http::parse_response_head(source_.buffered(), limits, progress, head);
      if (!parsed) co_return base::fail(parsed.error());
      if (*parsed > 0) {
        source_.consume(*parsed);
        progress = {};
        // 101 would change the protocol, which no request of ours asks for.
        if (head.status == 101) co_return base::fail(base::ErrorCode::kMalformed, "unexpected 101", 502);
        if (head.status >= 200) co_return {};
        continue;
      }
    }
    const net::WaitFor readable{&readiness, net::Interest::kReadable};
    if (!readiness.readable) source_.release_if_empty();
    const net::Wake wake =
        gone != nullptr
            ? co_await net::Wait(stream_->loop, {{gone, net::Interest::kGone}, readable}, deadline)
            : co_await net::Wait(stream_->loop, {readable}, deadline);
    if (wake == net::Wake::kTimeout)
      co_return base::fail(base::ErrorCode::kTimeout, "waiting for the response");
    if (wake == net::Wake::kCancelled || (gone != nullptr && wake == net::Wake::kFirst))
      co_return base::fail(base::ErrorCode::kCancelled, "waiting for the response");
    const net::IoResult read = source_.fill();
    if (read.status == net::IoStatus::kEnd) co_return base::fail(base::ErrorCode::kClosed, "no response");
    if (read.status == net::IoStatus::kFailed) co_return base::fail(read.error);
  }
}

bool OutboundConnection::is_answered(const http::HeadLimits& limits) {
  const net::IoResult read = source_.fill();
  if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed) return true;
  constexpr std::string_view kInterim = "HTTP/1.1 1";
  http::ResponseHead interim;
  while (source_.buffered().size() >= kInterim.size()) {
    if (!source_.buffered().starts_with(kInterim)) return true;
    http::HeadProgress progress;
    const auto parsed = http::parse_response_head(source_.buffered(), limits, progress, interim);
    if (!parsed || interim.status == 101) return true;
    if (*parsed == 0) break;
    source_.consume(*parsed);
  }
  source_.release_if_empty();
  return false;
}

}  // namespace archestra::http_io
