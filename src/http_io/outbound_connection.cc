#include "http_io/outbound_connection.h"

namespace archestra::http_io {
namespace {

// A sender of nothing but interim responses would be read for ever, and without a wait in between.
constexpr int kInterimMax = 32;

}  // namespace

net::Task<base::Result<void>> read_final_head(MessageSource& source, int& interim, http::ResponseHead& head,
                                              const http::HeadLimits& limits, base::MonotonicTime deadline,
                                              net::Readiness* gone) {
  http::HeadProgress progress;
  net::Stream& stream = source.stream();
  net::Readiness& readiness = stream.readiness;
  while (true) {
    if (!source.buffered().empty()) {
      const auto parsed = http::parse_response_head(source.buffered(), limits, progress, head);
      if (!parsed) co_return base::fail(parsed.error());
      if (*parsed > 0) {
        source.consume(*parsed);
        progress = {};
        // 101 would change the protocol, which no request of ours asks for.
        if (head.status == 101) co_return base::fail(base::ErrorCode::kMalformed, "unexpected 101", 502);
        if (head.status >= 200) {
          interim = 0;
          co_return {};
        }
        if (++interim > kInterimMax)
          co_return base::fail(base::ErrorCode::kMalformed, "too many interim responses", 502);
        continue;
      }
    }
    if (!readiness.readable) source.release_if_empty();
    const net::Wake wake = co_await net::Wait(
        stream.loop, {{gone, net::Interest::kGone}, {&readiness, net::Interest::kReadable}}, deadline);
    if (wake == net::Wake::kTimeout)
      co_return base::fail(base::ErrorCode::kTimeout, "waiting for the response");
    if (wake != net::Wake::kSecond)
      co_return base::fail(base::ErrorCode::kCancelled, "waiting for the response");
    const net::IoResult read = source.fill();
    if (read.status == net::IoStatus::kEnd) co_return base::fail(base::ErrorCode::kClosed, "no response");
    if (read.status == net::IoStatus::kFailed) co_return base::fail(read.error);
  }
}

Ahead OutboundConnection::look_ahead(const http::HeadLimits& limits) {
  const net::IoResult read = source_.fill();
  const bool ended = read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed;
  if (read.status == net::IoStatus::kFailed && read.error.code != base::ErrorCode::kClosed) broke_ = true;
  constexpr std::string_view kInterim = "HTTP/1.1 1";
  while (source_.buffered().size() >= kInterim.size()) {
    if (!source_.buffered().starts_with(kInterim)) return Ahead::kAnswer;
    http::HeadProgress progress;
    http::ResponseHead interim;
    const auto parsed = http::parse_response_head(source_.buffered(), limits, progress, interim);
    // What is wrong with it is for read_head() to say.
    if (!parsed || interim.status == 101 || interim_ == kInterimMax) return Ahead::kAnswer;
    if (*parsed == 0) break;
    source_.consume(*parsed);
    ++interim_;
  }
  source_.release_if_empty();
  return ended ? Ahead::kEnd : Ahead::kNothing;
}

}  // namespace archestra::http_io
