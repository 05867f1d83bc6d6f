#include "telemetry/otlp/sender.h"

#include <algorithm>

#include "telemetry/otlp/backoff.h"
#include "telemetry/otlp/gzip.h"

namespace archestra::telemetry::otlp {
namespace {

using net::Interest;

}  // namespace

Sender::Sender(Signal signal, net::EventLoop& loop, Client& client, spool::Backlog& backlog,
               const RequestFrame& frame, const BatchOptions& options, ExporterMetrics& metrics,
               ExportHealth& health)
    : signal_(signal),
      loop_(loop),
      client_(client),
      backlog_(backlog),
      frame_(frame),
      options_(options),
      metrics_(metrics),
      reachability_(signal, client.endpoint(), health) {}

void Sender::end(base::MonotonicTime by) {
  end_by_ = by;
  loop_.timers().arm(end_timer_, by);
  ready_.set_readable();
  ending_.set_readable();
}

// Ends what was begun before end() and has a later deadline of its own.
void Sender::on_end_limit(void* self) {
  auto& sender = *static_cast<Sender*>(self);
  sender.end_limit_.set_gone();
  sender.client_.cancel();
}

net::Task<void> Sender::run() {
  Done done = Done::kYes;
  while (done == Done::kYes) {
    if (!ending_.readable) {
      ready_.readable = has_full_batch();
      co_await net::Wait(loop_, {{&ready_, Interest::kReadable}}, loop_.now() + options_.schedule_delay);
    }
    // After the delay what there is, even if it fills no batch; then only whole ones, until the next delay.
    bool is_due = true;
    while (done == Done::kYes && (is_due || ending_.readable || has_full_batch()) &&
           backlog_.take(options_.items_max, base::wall_now(), batch_)) {
      is_due = false;
      done = co_await deliver();
    }
    if (ending_.readable) break;
  }
  metrics_.count_dropped(signal_, DropReason::kShutdown, backlog_.memory_items());
  client_.close();
}

// A passing failure is tried again: what waits meanwhile is bounded by the backlog. Once the end has been
// asked for, only a collector that is there is tried again, until the limit.
net::Task<Sender::Done> Sender::deliver() {
  metrics_.count_dropped(signal_, DropReason::kSpoolUnreadable, batch_.lost_items);
  metrics_.count_dropped(signal_, DropReason::kSpoolAge, batch_.expired_items);
  if (batch_.items == 0) {
    backlog_.settle();
    co_return Done::kYes;
  }
  make_body();
  base::MonotonicTime give_up_at = loop_.now() + options_.timeout;
  Backoff backoff(random_);
  while (!end_limit_.gone) {
    const Attempt attempt = co_await client_.post(pieces_, deadline_in(client_.options().request_timeout));
    reachability_.note(attempt);
    if (attempt.result == Attempt::Result::kAccepted) {
      on_accepted(attempt.partial);
      co_return Done::kYes;
    }
    if (attempt.result == Attempt::Result::kFailed) {
      metrics_.count_request(signal_, ExportResult::kFailed);
      metrics_.count_items(signal_, ExportResult::kFailed, batch_.items);
      give_up(DropReason::kExportFailed);
      co_return Done::kYes;
    }
    metrics_.count_request(signal_, ExportResult::kRetried);
    const base::MonotonicTime next =
        loop_.now() + backoff.next(std::min(attempt.retry_after, options_.timeout));
    if (!co_await pause_until(next, attempt.answered)) co_return Done::kNo;
    if (backlog_.is_expired(batch_.newest_at, base::wall_now())) {
      give_up(DropReason::kSpoolAge);
      co_return Done::kYes;
    }
    // Of a collector that is away, no batch can be the reason.
    if (!attempt.answered && backlog_.has_folder()) give_up_at = loop_.now() + options_.timeout;
    if (loop_.now() < give_up_at) continue;
    put_behind();
    co_return Done::kYes;
  }
  co_return Done::kNo;
}

void Sender::make_body() {
  const auto own = RequestFrame::unpack(batch_.frame);
  const RequestFrame& frame = own ? *own : frame_;
  prefix_ = frame.prefix(batch_.bytes);
  suffix_ = frame.suffix();
  pieces_.clear();
  pieces_.push_back(prefix_);
  for (const spool::Entry& entry : batch_.entries) pieces_.push_back(entry.bytes);
  pieces_.push_back(suffix_);
  if (client_.options().compression != Compression::kGzip) return;
  compressed_ = gzip(pieces_);
  pieces_.assign(1, compressed_);
}

void Sender::on_accepted(const PartialSuccess& partial) {
  // Whatever was configured, there is a collector: from now on it is worth a place on the disk.
  backlog_.keep_on_disk();
  const std::uint64_t rejected = std::min(partial.rejected_items, batch_.items);
  metrics_.count_request(signal_, ExportResult::kSuccess);
  metrics_.count_items(signal_, ExportResult::kSuccess, batch_.items - rejected);
  metrics_.count_items(signal_, ExportResult::kRejected, rejected);
  backlog_.settle();
  reachability_.note_rejected(rejected, partial.error_message);
}

void Sender::give_up(DropReason reason) {
  metrics_.count_dropped(signal_, reason, batch_.items);
  backlog_.settle();
}

// The collector is there, and has not taken it for so long that it may be of a kind that it never takes.
void Sender::put_behind() {
  if (!backlog_.has_folder()) return give_up(DropReason::kExportFailed);
  for (const spool::Entry& entry : batch_.entries)
    if (backlog_.own().add({.items = entry.info.items, .at = entry.info.at}, entry.bytes))
      metrics_.count_dropped(signal_, DropReason::kExportFailed, entry.info.items);
  backlog_.settle();
}

// False where there will be no other try: the process ends, and the collector is not there or not in time.
net::Task<bool> Sender::pause_until(base::MonotonicTime next, bool collector_answers) {
  if (!ending_.readable) co_await net::Wait(loop_, {{&ending_, Interest::kReadable}}, next);
  if (!ending_.readable) co_return true;
  if (!collector_answers || next >= end_by_) co_return false;
  co_await net::Wait(loop_, {{&end_limit_, Interest::kGone}}, next);
  co_return true;
}

}  // namespace archestra::telemetry::otlp
