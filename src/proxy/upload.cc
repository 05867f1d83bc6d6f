#include "proxy/upload.h"

#include <algorithm>

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

UploadResult ended(UploadEnd end, base::Error error = {base::ErrorCode::kClosed}) {
  return {.end = end, .error = error};
}

}  // namespace

net::Task<UploadResult> send_upstream(UploadPlan plan, http_io::Outbox& box) {
  net::Stream& upstream = plan.upstream.stream();
  net::Readiness& client = plan.client.stream().readiness;
  while (true) {
    const net::IoResult sent = box.try_send(upstream);
    if (sent.status == net::IoStatus::kDone) co_return ended(UploadEnd::kComplete);
    if (sent.status == net::IoStatus::kFailed) {
      // Often it has said why before it closed; the loop may not have heard of it yet.
      if (plan.upstream.look_ahead(plan.response_limits) == http_io::Ahead::kAnswer)
        co_return ended(UploadEnd::kAnsweredEarly);
      co_return ended(UploadEnd::kUpstreamFailed, sent.error);
    }
    const auto began = base::monotonic_now();
    const Wake wake = co_await net::Wait(upstream.loop,
                                         {{&client, Interest::kGone},
                                          {&upstream.readiness, Interest::kReadable},
                                          {&upstream.readiness, Interest::kWritable}},
                                         plan.upstream_limits.next(began));
    plan.waits.upstream += base::monotonic_now() - began;
    if (wake == Wake::kTimeout)
      co_return ended(UploadEnd::kUpstreamFailed, {base::ErrorCode::kTimeout, "sending"});
    if (wake == Wake::kFirst || wake == Wake::kCancelled) co_return ended(UploadEnd::kClientGone);
    if (wake == Wake::kSecond && plan.upstream.look_ahead(plan.response_limits) != http_io::Ahead::kNothing)
      co_return ended(UploadEnd::kAnsweredEarly);
  }
}

net::Task<UploadResult> upload(UploadPlan plan, http::BodyKind kind) {
  http_io::MessageSource& source = plan.client.source();
  net::Stream& client = plan.client.stream();
  net::Stream& upstream = plan.upstream.stream();
  const Framed framed = kind == http::BodyKind::kChunked ? Framed::kChunked : Framed::kPlain;
  std::uint64_t body_bytes = 0;
  Runs runs;
  http_io::Outbox box;
  ChunkSize chunk_size;
  const auto with_bytes = [&body_bytes](UploadResult result) {
    result.body_bytes = body_bytes;
    return result;
  };

  while (true) {
    runs.clear();
    if (const auto taken = take_runs(source, runs); !taken)
      co_return with_bytes(ended(UploadEnd::kClientFailed, taken.error()));
    const bool done = source.body_done();
    pack(runs, framed, done ? Last::kYes : Last::kNo, chunk_size, box);
    body_bytes += runs.bytes();
    if (!box.empty()) {
      const UploadResult sent = co_await send_upstream(plan, box);
      if (sent.end != UploadEnd::kComplete) co_return with_bytes(sent);
    }
    if (done) co_return with_bytes(ended(UploadEnd::kComplete));
    if (runs.full()) continue;

    source.release_if_empty();
    const auto began = base::monotonic_now();
    const auto client_deadline = began + plan.client_timeout;
    const Wake wake = co_await net::Wait(
        client.loop, {{&upstream.readiness, Interest::kReadable}, {&client.readiness, Interest::kReadable}},
        std::min(client_deadline, plan.upstream_limits.deadline));
    plan.waits.client += base::monotonic_now() - began;
    if (wake == Wake::kCancelled) co_return with_bytes(ended(UploadEnd::kClientGone));
    if (wake == Wake::kTimeout)
      co_return with_bytes(
          client_deadline < plan.upstream_limits.deadline
              ? ended(UploadEnd::kClientFailed, {base::ErrorCode::kTimeout, "the request body stalled", 408})
              : ended(UploadEnd::kUpstreamFailed, {base::ErrorCode::kTimeout, "uploading"}));
    if (wake == Wake::kFirst) {
      if (plan.upstream.look_ahead(plan.response_limits) != http_io::Ahead::kNothing)
        co_return with_bytes(ended(UploadEnd::kAnsweredEarly));
      continue;
    }
    const net::IoResult read = source.fill();
    if (read.status == net::IoStatus::kEnd || read.status == net::IoStatus::kFailed)
      co_return with_bytes(ended(UploadEnd::kClientGone));
  }
}

}  // namespace archestra::proxy
