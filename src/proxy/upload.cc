#include "proxy/upload.h"

#include "proxy/runs.h"

namespace archestra::proxy {
namespace {

using net::Interest;
using net::Wake;

// What the client has sent so far, as much as fits.
base::Result<void> take_runs(http_io::MessageSource& source, Runs& runs) {
  while (!runs.full()) {
    const auto run = source.next_run();
    if (!run) return base::fail(run.error());
    if (run->empty()) break;
    runs.add(*run);
  }
  return {};
}

// TLS reports readability for its own messages too: only bytes are an answer.
bool has_answered(http_io::OutboundConnection& upstream) {
  return upstream.source().fill().status != net::IoStatus::kBlocked;
}

}  // namespace

net::Task<UploadResult> upload(UploadPlan plan) {
  http_io::MessageSource& source = plan.client.source();
  net::Stream& client = plan.client.stream();
  net::Stream& upstream = plan.upstream.stream();
  const Framed framed = plan.kind == http::BodyKind::kChunked ? Framed::kChunked : Framed::kPlain;
  UploadResult result;
  Runs runs;
  http_io::Outbox box;
  ChunkSize chunk_size;
  const auto ended = [&result](UploadEnd end, base::Error error = {base::ErrorCode::kClosed}) {
    result.end = end;
    result.error = error;
    return result;
  };

  while (true) {
    runs.clear();
    if (const auto taken = take_runs(source, runs); !taken) co_return ended(UploadEnd::kClientFailed, taken.error());
    const bool done = source.body_done();
    pack(runs, framed, done ? Last::kYes : Last::kNo, chunk_size, box);
    result.body_bytes += runs.bytes();
    if (!box.empty()) {
      const auto sent =
          co_await http_io::send_all(box, upstream, client.loop.now() + plan.upstream_timeout, &client.readiness);
      if (!sent && sent.error().code == base::ErrorCode::kCancelled) co_return ended(UploadEnd::kClientGone);
      if (!sent && sent.error().code == base::ErrorCode::kReset && has_answered(plan.upstream))
        co_return ended(UploadEnd::kAnsweredEarly);
      if (!sent) co_return ended(UploadEnd::kUpstreamFailed, sent.error());
    }
    if (done) co_return result;
    if (runs.full()) continue;

    source.release_if_empty();
    const Wake wake = co_await net::Wait(
        client.loop, {{&upstream.readiness, Interest::kReadable}, {&client.readiness, Interest::kReadable}},
        client.loop.now() + plan.client_timeout);
    if (wake == Wake::kCancelled) co_return ended(UploadEnd::kClientGone);
    if (wake == Wake::kTimeout)
      co_return ended(UploadEnd::kClientFailed, {base::ErrorCode::kTimeout, "the request body stalled", 408});
    if (wake == Wake::kFirst) {
      if (has_answered(plan.upstream)) co_return ended(UploadEnd::kAnsweredEarly);
      continue;
    }
    const net::IoResult read = source.fill();
    if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed)
      co_return ended(UploadEnd::kClientGone);
  }
}

}  // namespace archestra::proxy
