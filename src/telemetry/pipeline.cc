#include "telemetry/pipeline.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/assert.h"
#include "telemetry/log/access_log.h"
#include "telemetry/metrics/exposition.h"

namespace archestra::telemetry {
namespace {

using std::chrono_literals::operator""ms;

// Lines are handed over in portions: a whole drain's in one could be more than the writer ever takes.
constexpr std::size_t kLinesBytes = std::size_t{64} << 10;
// A shard under full load makes some 0.8 MB of records in 20 ms. Looking more often costs more than it spares
// where a shard shares its core with this thread: 1 % of a call's CPU time at 5 ms, 5 % at 2 ms.
constexpr base::Duration kPauseMax = 20ms;
constexpr base::Duration kPauseMin = 1ms;
// A ring found fuller than this halves the pause; one emptier than that doubles it.
constexpr std::size_t kBusyPermille = 500;
constexpr std::size_t kCalmPermille = 200;

std::vector<SeriesSource*> sources_of(std::deque<ShardObserver>& shards, ExporterMetrics& exporter,
                                      LabelBudgets& budgets, RuntimeMetrics& runtime, StoreMetrics& store,
                                      PolicySetMetrics& policy_set) {
  std::vector<SeriesSource*> sources{
      &runtime.series(),        &exporter.series(),       &store.series(),        &policy_set.series(),
      &budgets.models.series(), &budgets.agents.series(), &budgets.tools.series()};
  for (ShardObserver& shard : shards) sources.push_back(&shard.series());
  return sources;
}

std::deque<ShardObserver> make_shards(std::size_t count, const ShardObserver::Options& options,
                                      const AccessLogLevel& level, LabelBudgets& budgets) {
  std::deque<ShardObserver> shards;
  for (std::size_t i = 0; i < count; ++i) shards.emplace_back(options, level, budgets);
  return shards;
}

}  // namespace

Telemetry::Telemetry(const Options& options, LogWriter& log)
    : options_(options.shard),
      log_format_(options.log_format),
      access_log_level_(options.access_log_level),
      log_(log),
      budgets_(options.label_sets_max),
      shards_(make_shards(options.shards, options.shard, access_log_level_, budgets_)),
      spans_(options.resource, options.spans, options.span_names),
      exporter_metrics_(log.lost_lines(), {.record_bytes = options.shard.ring_bytes,
                                           .log_line_bytes = log.queued_bytes_max(),
                                           .spans = options.spans.queued_spans_max}),
      history_(options.history),
      pause_(kPauseMax),
      scrape_(sources_of(shards_, exporter_metrics_, budgets_, runtime_, store_, policy_set_),
              ARCHESTRA_VERSION, options.shard.retirement.now, &runtime_) {}

std::size_t Telemetry::drain() {
  std::size_t fullest_bytes = 0;
  std::size_t requests = 0;
  {
    History::Round round(history_);
    for (ShardObserver& shard : shards_) {
      fullest_bytes = std::max(fullest_bytes, shard.ring().bytes_used());
      requests += drain_shard(shard, round);
    }
  }
  hand_over_lines();
  adjust_pause(fullest_bytes * 1000 / options_.ring_bytes);
  exporter_metrics_.note_depths(
      {.record_bytes = fullest_bytes, .log_line_bytes = log_.queued_bytes(), .spans = spans_.spans()});
  return requests;
}

void Telemetry::hand_over_lines() {
  if (line_count_ > 0 && !log_.try_push(lines_))
    exporter_metrics_.count_dropped(DropReason::kWriterFull, line_count_);
  lines_.clear();
  line_count_ = 0;
}

// Bounded by what the ring held at first: a busy shard must not keep the others' records waiting.
std::size_t Telemetry::drain_shard(ShardObserver& shard, History::Round& history) {
  base::ByteRing& ring = shard.ring();
  const std::size_t bytes_at_start = ring.bytes_used();
  std::size_t bytes = 0;
  std::size_t requests = 0;
  while (bytes < bytes_at_start) {
    const std::span<const std::byte> record = ring.front();
    if (record.empty()) break;
    const bool is_read = read_record(record, request_);
    ARCHESTRA_ASSERT(is_read, "a record in the ring is whole");
    if (request_.request.call != nullptr) history.add(record, request_);
    take_request(request_);
    bytes += record.size();
    ring.pop();
    ++requests;
  }
  return requests;
}

void Telemetry::take_request(const FinishedRequest& request) {
  if (log_level_of(request.request) >= access_log_level_.value()) {
    if (lines_.empty()) lines_.reserve(kLinesBytes + kLinesBytes / 8);
    append_access_log(lines_, request, log_format_);
    ++line_count_;
    if (lines_.size() >= kLinesBytes) hand_over_lines();
  }
  if (!options_.exports_spans || !request.request.trace.sampled) return;
  if (!spans_.add(request))
    exporter_metrics_.count_dropped(DropReason::kQueueFull, spans_of(request.request));
}

void Telemetry::adjust_pause(std::size_t fullest_permille) {
  if (fullest_permille > kBusyPermille)
    pause_ = std::max(pause_ / 2, kPauseMin);
  else if (fullest_permille < kCalmPermille)
    pause_ = std::min(pause_ * 2, kPauseMax);
}

Health Telemetry::health() const {
  const auto fill = [&](const Gauge ExporterMetrics::DepthGauges::* queue) -> QueueFill {
    return {.waiting = (exporter_metrics_.depths().*queue).value(),
            .max = (exporter_metrics_.depth_limits().*queue).value()};
  };
  std::uint64_t lost_spans = 0;
  std::uint64_t lost_lines = 0;
  std::uint64_t lost_calls = 0;
  for (const ShardObserver& shard : shards_) {
    lost_spans += shard.lost_spans();
    lost_lines += shard.lost_lines();
    lost_calls += shard.lost_calls();
  }
  const auto dropped = [this](DropReason reason) { return exporter_metrics_.dropped(reason); };
  return {.exports = export_health_.facts(),
          .spans_sent = exporter_metrics_.spans(ExportResult::kSuccess),
          .spans_rejected = exporter_metrics_.spans(ExportResult::kRejected),
          .spans = fill(&ExporterMetrics::DepthGauges::spans),
          .record_bytes = fill(&ExporterMetrics::DepthGauges::record_bytes),
          .log_bytes = fill(&ExporterMetrics::DepthGauges::log_line_bytes),
          .dropped = {{"traces", "ring_full", lost_spans},
                      {"traces", "queue_full", dropped(DropReason::kQueueFull)},
                      {"traces", "export_failed", dropped(DropReason::kExportFailed)},
                      {"traces", "shutdown", dropped(DropReason::kShutdown)},
                      {"logs", "ring_full", lost_lines},
                      {"logs", "writer_full", dropped(DropReason::kWriterFull)},
                      {"logs", "write_failed", log_.lost_lines().value()},
                      {"history", "ring_full", lost_calls}}};
}

void Telemetry::append_metrics(std::string& out, ExpositionFormat format) {
  append_exposition(out, format, scrape_.collect());
}

}  // namespace archestra::telemetry
