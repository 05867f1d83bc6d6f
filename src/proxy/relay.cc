#include "proxy/relay.h"

#include <algorithm>

#include "proxy/runs.h"

namespace archestra::proxy {
namespace {

using net::Interest;
using net::Wake;

// Everything one read brought, through the gate. The gate's memory is the bound: `runs`, or the gate, may be
// full before the buffer is empty.
base::Result<void> take_runs(http_io::MessageSource& source, Gate& gate, base::MonotonicTime now,
                             Runs& runs) {
  if (gate.is_full())
    if (const auto taken = gate.take_rest(now); !taken) return taken;
  while (!runs.full() && !gate.is_full()) {
    const auto run = source.next_run();
    if (!run) return base::fail(run.error());
    if (run->empty()) break;
    if (const auto taken = gate.take_in(*run, now, runs); !taken) return taken;
  }
  if (source.body_done() && !gate.is_full()) return gate.finish(runs);
  gate.collect(runs);
  return {};
}

// Sends; what had to be waited for is the client's time.
net::Task<bool> deliver(http_io::Outbox& box, RelayPlan& plan) {
  net::Stream& client = plan.client.stream();
  const auto began = base::monotonic_now();
  const auto sent =
      co_await http_io::send_all(box, client, {.stall = plan.client_timeout}, &client.readiness);
  plan.waits.client += base::monotonic_now() - began;
  co_return sent.has_value();
}

}  // namespace

net::Task<RelayResult> relay(RelayPlan plan) {
  http_io::MessageSource& source = plan.upstream.source();
  net::Stream& upstream = plan.upstream.stream();
  net::Stream& client = plan.client.stream();
  const Framed framed = plan.framing == ClientFraming::kChunked ? Framed::kChunked : Framed::kPlain;
  RelayResult result;
  Runs runs;
  http_io::Outbox box;
  ChunkSize chunk_size;
  const auto note_sent = [&result](bool any) {
    if (any && !result.first_byte_sent) result.first_byte_sent = base::monotonic_now();
  };
  const auto client_gone = [&] {
    plan.gate.observe_lost(runs, result.upstream_ended);
    // Given up now, however long ago the upstream was read for the last time.
    if (!source.body_done()) result.upstream_ended = base::monotonic_now();
    result.end = RelayEnd::kClientGone;
    return result;
  };
  // What is held back will not be judged any more, and what was taken in before the fault has still to leave.
  // It is sent as far as it goes now: nobody waits for the client of a response that is not whole.
  const auto failed = [&](base::Error error) {
    plan.gate.let_go(runs);
    pack(runs, framed, Last::kNo, chunk_size, box);
    const std::size_t to_send = box.bytes();
    box.try_send(client);
    note_sent(box.bytes() < to_send);
    result.body_bytes += std::min(runs.bytes(), to_send - box.bytes());
    if (box.empty())
      plan.gate.observe(runs, result.upstream_ended);
    else
      plan.gate.observe_lost(runs, result.upstream_ended);
    result.end = RelayEnd::kUpstreamFailed;
    result.error = error;
    return result;
  };

  box.add(plan.head);
  result.upstream_ended = plan.head_arrived;
  while (true) {
    runs.clear();
    const auto taken = take_runs(source, plan.gate, result.upstream_ended, runs);
    if (!taken) co_return failed(taken.error());
    const bool done = source.body_done() && !plan.gate.is_full();
    pack(runs, framed, done ? Last::kYes : Last::kNo, chunk_size, box);
    result.body_bytes += runs.bytes();
    if (!box.empty()) {
      const std::size_t to_send = box.bytes();
      const net::IoResult sent = box.try_send(client);
      note_sent(box.bytes() < to_send);
      if (sent.status == net::IoStatus::kFailed) co_return client_gone();
      if (sent.status == net::IoStatus::kBlocked) {
        // It may take long, and a slow client is to hold no more memory than what it is sent.
        if (plan.gate.has_copied_all()) source.release_if_empty();
        if (!co_await deliver(box, plan)) co_return client_gone();
      }
      note_sent(true);
      plan.head_storage.release();
    }
    plan.gate.observe(runs, result.upstream_ended);
    if (done) co_return result;
    if (runs.full() || plan.gate.is_full()) continue;

    plan.gate.release_views();
    source.release_if_empty();
    runs.clear();
    const auto waiting_since = base::monotonic_now();
    const auto deadline = std::min(waiting_since + plan.idle_timeout, plan.total_deadline);
    const Wake wake = co_await net::Wait(
        client.loop, {{&client.readiness, Interest::kGone}, {&upstream.readiness, Interest::kReadable}},
        deadline);
    result.upstream_ended = base::monotonic_now();
    plan.waits.upstream += result.upstream_ended - waiting_since;
    if (wake == Wake::kFirst || wake == Wake::kCancelled) co_return client_gone();
    if (wake == Wake::kTimeout) co_return failed({base::ErrorCode::kTimeout, "the response stalled"});
    const net::IoResult read = source.fill();
    if (read.status == net::IoStatus::kFailed) co_return failed(read.error);
    if (read.status == net::IoStatus::kEnd)
      if (const auto end = source.end_of_stream(); !end) co_return failed(end.error());
  }
}

}  // namespace archestra::proxy
