#include "telemetry/otlp/metric_reader.h"

#include <algorithm>

#include "telemetry/otlp/backoff.h"
#include "telemetry/otlp/gzip.h"

namespace archestra::telemetry::otlp {
namespace {

using net::Interest;

// How soon it is looked again whether a scrape is over.
constexpr base::Duration kScrapePause = std::chrono::milliseconds(5);

}  // namespace

MetricReader::MetricReader(net::EventLoop& loop, Client& client, Telemetry& telemetry, const Options& options)
    : loop_(loop),
      client_(client),
      telemetry_(telemetry),
      options_(options),
      reachability_(Signal::kMetrics, client.endpoint(), telemetry.export_health(Signal::kMetrics)) {}

void MetricReader::end(base::MonotonicTime by) {
  end_by_ = by;
  loop_.timers().arm(end_timer_, by);
  ending_.set_readable();
}

// Ends what was begun before end() and has a later deadline of its own.
void MetricReader::on_end_limit(void* self) {
  auto& reader = *static_cast<MetricReader*>(self);
  reader.end_limit_.set_gone();
  reader.client_.cancel();
}

net::Task<void> MetricReader::run() {
  base::MonotonicTime next = loop_.now();
  for (bool is_last = false; !is_last;) {
    // Whoever took longer than the interval begins a new one.
    next = std::max(next + options_.interval, loop_.now());
    if (!ending_.readable) co_await net::Wait(loop_, {{&ending_, Interest::kReadable}}, next);
    is_last = ending_.readable;
    co_await export_all();
  }
  client_.close();
}

net::Task<void> MetricReader::export_all() {
  const base::MonotonicTime give_up_at = loop_.now() + options_.timeout;
  if (!co_await encode(give_up_at)) co_return;
  bool is_taken = true;
  for (const Portion& portion : portions_) {
    if (is_taken) is_taken = co_await deliver(portion, give_up_at);
    if (!is_taken)
      telemetry_.exporter_metrics().count_dropped(Signal::kMetrics, DropReason::kExportFailed,
                                                  portion.points);
  }
  // A process with many series has no use for their text until the next export.
  portions_ = {};
  prefix_ = compressed_ = {};
}

// Not waited for by blocking: the rings of the shards would fill up meanwhile.
net::Task<bool> MetricReader::encode(base::MonotonicTime deadline) {
  while (!telemetry_.try_encode_metrics(*this)) {
    const base::MonotonicTime next = loop_.now() + kScrapePause;
    if (next >= std::min(deadline, end_by_)) co_return false;
    co_await pause_until(next);
  }
  co_return true;
}

void MetricReader::take(std::string_view metrics, std::size_t points) {
  portions_.push_back({std::string(metrics), points});
  telemetry_.drain();
}

void MetricReader::make_body(const Portion& portion) {
  prefix_ = telemetry_.frame().prefix(portion.metrics.size());
  pieces_.assign({std::string_view(prefix_), std::string_view(portion.metrics), telemetry_.frame().suffix()});
  if (client_.options().compression != Compression::kGzip) return;
  compressed_ = gzip(pieces_);
  pieces_.assign(1, compressed_);
}

// False where neither this nor another portion will be taken in time.
net::Task<bool> MetricReader::deliver(const Portion& portion, base::MonotonicTime give_up_at) {
  ExporterMetrics& metrics = telemetry_.exporter_metrics();
  make_body(portion);
  Backoff backoff(random_);
  while (!end_limit_.gone) {
    const base::MonotonicTime deadline =
        std::min({loop_.now() + client_.options().request_timeout, give_up_at, end_by_});
    const Attempt attempt = co_await client_.post(pieces_, deadline);
    reachability_.note(attempt);
    if (attempt.result == Attempt::Result::kAccepted) {
      const std::uint64_t rejected = std::min<std::uint64_t>(attempt.partial.rejected_items, portion.points);
      metrics.count_request(Signal::kMetrics, ExportResult::kSuccess);
      metrics.count_items(Signal::kMetrics, ExportResult::kSuccess, portion.points - rejected);
      metrics.count_items(Signal::kMetrics, ExportResult::kRejected, rejected);
      reachability_.note_rejected(rejected, attempt.partial.error_message);
      co_return true;
    }
    if (attempt.result == Attempt::Result::kFailed) {
      metrics.count_request(Signal::kMetrics, ExportResult::kFailed);
      metrics.count_items(Signal::kMetrics, ExportResult::kFailed, portion.points);
      metrics.count_dropped(Signal::kMetrics, DropReason::kExportFailed, portion.points);
      co_return true;
    }
    metrics.count_request(Signal::kMetrics, ExportResult::kRetried);
    const base::MonotonicTime next =
        loop_.now() + backoff.next(std::min(attempt.retry_after, options_.timeout));
    if (next >= std::min(give_up_at, end_by_)) co_return false;
    // The last export waits for nobody who is away.
    if (ending_.readable && !attempt.answered) co_return false;
    co_await pause_until(next);
  }
  co_return false;
}

net::Task<void> MetricReader::pause_until(base::MonotonicTime time) {
  if (!ending_.readable)
    co_await net::Wait(loop_, {{&ending_, Interest::kReadable}}, time);
  else
    co_await net::Wait(loop_, {{&end_limit_, Interest::kGone}}, time);
}

}  // namespace archestra::telemetry::otlp
