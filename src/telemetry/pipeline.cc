#include "telemetry/pipeline.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/byte_ring.h"
#include "telemetry/log/access_log.h"
#include "telemetry/otlp/log_encoder.h"

namespace archestra::telemetry {
namespace {

using std::chrono_literals::operator""ms;

// Lines are handed over in portions: a whole drain's in one could be more than the writer ever takes.
constexpr std::size_t kLinesBytes = std::size_t{64} << 10;
// A shard under full load makes some 0.8 MB of records in 20 ms. Looking more often costs more than it spares
// where a shard shares its core with this thread: 1 % of a call's CPU time at 5 ms, 5 % at 2 ms.
constexpr base::Duration kPauseMax = 20ms;
constexpr base::Duration kPauseMin = 1ms;
// Large enough for the largest entry, and to be mapped now and then alone.
constexpr std::size_t kSegmentBytesMin = std::size_t{512} << 10;
constexpr std::size_t kSegmentBytesMax = std::size_t{4} << 20;
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

// Nobody is to wait for a disk, or to go without telemetry because of one.
std::optional<spool::InstanceFolder> make_folder(const std::string& parent, const std::string& instance) {
  if (parent.empty()) return std::nullopt;
  auto folder = spool::InstanceFolder::make(parent, instance);
  if (folder) return std::move(*folder);
  base::log(base::LogLevel::kWarn, "telemetry has no folder: what is not sent does not outlive the process",
            {{"folder", std::string_view(parent)}, {"why", folder.error().text()}});
  return std::nullopt;
}

// What the names of spools' files begin with.
constexpr std::string_view kTraces = "traces";
constexpr std::string_view kLogs = "logs";
constexpr std::string_view kRingPrefix = "shard-";
constexpr std::string_view kRingSuffix = ".ring";

std::string ring_path(const spool::InstanceFolder& folder, std::size_t index) {
  return fmt::format("{}/{}{}{}", folder.path(), kRingPrefix, index, kRingSuffix);
}

base::MappedMemory make_ring(const std::optional<spool::InstanceFolder>& folder, std::size_t index,
                             std::size_t bytes) {
  if (folder) {
    auto memory = base::MappedMemory::create(ring_path(*folder, index), bytes);
    if (memory) return std::move(*memory);
    base::log(base::LogLevel::kWarn,
              "a ring of telemetry is in memory: what is in it does not outlive the process",
              {{"why", memory.error().text()}});
  }
  auto memory = base::MappedMemory::anonymous(bytes);
  ARCHESTRA_ASSERT(memory, "rings are made at the start, where there is memory");
  return std::move(*memory);
}

std::deque<ShardObserver> make_shards(std::size_t count, const ShardObserver::Options& options,
                                      const AccessLogLevel& level, LabelBudgets& budgets,
                                      const std::optional<spool::InstanceFolder>& folder) {
  std::deque<ShardObserver> shards;
  for (std::size_t i = 0; i < count; ++i)
    shards.emplace_back(options, level, budgets,
                        make_ring(folder, i, base::ByteRing::bytes_for(options.ring_bytes)));
  return shards;
}

spool::Backlog::Options backlog_options(const UnsentOptions& unsent, std::string_view name,
                                        const std::optional<spool::InstanceFolder>& folder,
                                        const otlp::RequestFrame& frame) {
  return {.own = {.folder = folder ? folder->path() : std::string(),
                  .name = std::string(name),
                  .frame = frame.packed(),
                  // A small limit is worth a few files, too.
                  .segment_bytes = std::clamp(unsent.disk_bytes_max / 8, kSegmentBytesMin, kSegmentBytesMax),
                  .memory_items_max = unsent.memory_items_max},
          .disk_bytes_max = folder ? unsent.disk_bytes_max : 0,
          .age_max = unsent.age_max};
}

}  // namespace

Telemetry::Telemetry(const Options& options, LogWriter& log)
    : options_(options.shard),
      unsent_(options.unsent),
      span_names_(options.span_names),
      log_format_(options.log_format),
      access_log_level_(options.access_log_level),
      log_(log),
      budgets_(options.label_sets_max),
      folder_(make_folder(options.unsent.folder, options.resource.service_instance_id)),
      shards_(make_shards(options.shards, options.shard, access_log_level_, budgets_, folder_)),
      frame_(options.resource),
      exports_logs_(options.exports_logs),
      traces_(backlog_options(options.unsent, kTraces, folder_, frame_)),
      logs_(backlog_options(options.unsent, kLogs, folder_, frame_)),
      exporter_metrics_(log.lost_lines(), {.record_bytes = options.shard.ring_bytes,
                                           .log_line_bytes = log.queued_bytes_max(),
                                           .spans = options.unsent.memory_items_max}),
      history_(options.history),
      pause_(kPauseMax),
      scrape_(sources_of(shards_, exporter_metrics_, budgets_, runtime_, store_, policy_set_),
              ARCHESTRA_VERSION, options.shard.retirement.now, &runtime_) {
  if (options.shard.exports_spans && unsent_.has_named_collector) traces_.keep_on_disk();
  // Nobody exports logs who has not asked for it.
  if (exports_logs_) logs_.keep_on_disk();
}

Telemetry::~Telemetry() {
  if (!folder_) return;
  for (std::size_t i = 0; i < shards_.size(); ++i)
    if (shards_[i].ring().bytes_used() == 0) ::unlink(ring_path(*folder_, i).c_str());
}

std::size_t Telemetry::drain() {
  std::size_t fullest_bytes = 0;
  std::size_t requests = 0;
  {
    History::Round round(history_);
    for (std::uint32_t i = 0; i < shards_.size(); ++i) {
      fullest_bytes = std::max(fullest_bytes, shards_[i].ring().bytes_used());
      requests += drain_shard(i, round);
    }
  }
  hand_over_lines();
  adjust_pause(fullest_bytes * 1000 / options_.ring_bytes);
  note_depths(fullest_bytes);
  return requests;
}

void Telemetry::note_depths(std::size_t fullest_bytes) {
  exporter_metrics_.note_depths({.record_bytes = fullest_bytes,
                                 .log_line_bytes = log_.queued_bytes(),
                                 .spans = traces_.memory_items()});
  note_unsent(Signal::kTraces, traces_);
  note_unsent(Signal::kLogs, logs_);
}

void Telemetry::note_unsent(Signal signal, spool::Backlog& backlog) {
  const std::optional<base::WallTime> oldest_at = backlog.oldest_at();
  exporter_metrics_.note_unsent(
      signal, {.items = backlog.items(),
               .disk_bytes = backlog.disk_bytes(),
               .disk_bytes_max = backlog.disk_bytes_max(),
               .oldest = oldest_at ? std::max(base::wall_now() - *oldest_at, base::Duration::zero())
                                   : base::Duration::zero()});
}

void Telemetry::hand_over_lines() {
  if (line_count_ > 0 && !log_.try_push(lines_))
    exporter_metrics_.count_dropped(Signal::kLogs, DropReason::kWriterFull, line_count_);
  lines_.clear();
  line_count_ = 0;
}

// Bounded by what the ring held at first: a busy shard must not keep the others' records waiting.
std::size_t Telemetry::drain_shard(std::uint32_t index, History::Round& history) {
  base::ByteRing& ring = shards_[index].ring();
  const std::size_t bytes_at_start = ring.bytes_used();
  std::size_t bytes = 0;
  std::size_t requests = 0;
  while (bytes < bytes_at_start) {
    const std::span<const std::byte> record = ring.front();
    if (record.empty()) break;
    const bool is_read = read_record(record, request_);
    ARCHESTRA_ASSERT(is_read, "a record in the ring is whole");
    if (request_.request.call != nullptr) history.add(record, request_);
    take_request(request_, {.ring = index,
                            .ring_end = ring.front_end(),
                            .traces = options_.exports_spans ? &traces_.own() : nullptr,
                            .logs = exports_logs_ ? &logs_.own() : nullptr});
    bytes += record.size();
    ring.pop();
    ++requests;
  }
  return requests;
}

void Telemetry::take_request(const FinishedRequest& request, const Way& way) {
  spool::EntryInfo info{.items = 1,
                        .at = request.request.started_at + request.request.duration,
                        .ring = way.ring,
                        .ring_end = way.ring_end};
  const bool is_logged = log_level_of(request.request) >= access_log_level_.value();
  if (is_logged && !way.has_line) {
    if (lines_.empty()) lines_.reserve(kLinesBytes + kLinesBytes / 8);
    append_access_log(lines_, request, log_format_);
    ++line_count_;
    if (lines_.size() >= kLinesBytes) hand_over_lines();
  }
  if (is_logged && way.logs != nullptr) {
    encoded_.clear();
    otlp::encode_log_record(request, encoded_);
    add(Signal::kLogs, *way.logs, info);
  }
  // The last one: what has spans has its log record (adopt_ring).
  if (way.traces == nullptr || !request.request.trace.sampled) return;
  encoded_.clear();
  otlp::encode_spans(request, encoded_, span_names_);
  info.items = static_cast<std::uint32_t>(spans_of(request.request));
  add(Signal::kTraces, *way.traces, info);
}

void Telemetry::add(Signal signal, spool::Spool& spool, const spool::EntryInfo& info) {
  if (const auto refusal = spool.add(info, encoded_.bytes()))
    exporter_metrics_.count_dropped(signal, reason_of(signal, *refusal), info.items);
}

DropReason Telemetry::reason_of(Signal signal, spool::Refusal refusal) const {
  switch (refusal) {
    case spool::Refusal::kTooLarge:
      return DropReason::kTooLarge;
    case spool::Refusal::kDiskLimit:
      return DropReason::kSpoolFull;
    case spool::Refusal::kDiskFull:
      return DropReason::kDiskFull;
    case spool::Refusal::kMemoryFull:
      break;
  }
  const bool has_collector = signal != Signal::kTraces || unsent_.has_named_collector ||
                             exporter_metrics_.items(signal, ExportResult::kSuccess) > 0;
  return has_collector ? DropReason::kQueueFull : DropReason::kNoCollector;
}

// ---- What others left.

void Telemetry::adopt_orphans() {
  if (!folder_ || (!options_.exports_spans && !exports_logs_)) return;
  for (spool::InstanceFolder& folder : spool::InstanceFolder::take_orphans(unsent_.folder))
    adopt(std::move(folder));
  hand_over_lines();
}

void Telemetry::adopt(spool::InstanceFolder found) {
  const auto folder = std::make_shared<spool::InstanceFolder>(std::move(found));
  spool::Spool* const traces = options_.exports_spans ? &traces_.adopt(folder) : nullptr;
  spool::Spool* const logs = exports_logs_ ? &logs_.adopt(folder) : nullptr;
  const auto count_unreadable = [this](Signal signal, const spool::Spool* spool) {
    if (spool != nullptr)
      exporter_metrics_.count_dropped(signal, DropReason::kSpoolUnreadable, spool->unreadable_files());
  };
  count_unreadable(Signal::kTraces, traces);
  count_unreadable(Signal::kLogs, logs);
  bool has_more = false;  // of what is not exported any more
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder->path(), error)) {
    std::string name = entry.path().filename().string();
    has_more |=
        (traces == nullptr && name.starts_with(kTraces)) || (logs == nullptr && name.starts_with(kLogs));
    if (!name.starts_with(kRingPrefix) || !name.ends_with(kRingSuffix)) continue;
    name = name.substr(kRingPrefix.size(), name.size() - kRingPrefix.size() - kRingSuffix.size());
    std::uint32_t index = 0;
    std::from_chars(name.data(), name.data() + name.size(), index);
    adopt_ring(entry.path().string(), index, traces, logs);
  }
  if (has_more) left_alone_.push_back(folder);
  const std::uint64_t spans = traces != nullptr ? traces->items() : 0;
  const std::uint64_t records = logs != nullptr ? logs->items() : 0;
  if (spans + records > 0)
    base::log(base::LogLevel::kInfo, "what an earlier process has not sent is sent now",
              {{"spans", spans}, {"log_records", records}});
}

// Its process may have died between adding a record's spans and taking the record out of the ring.
void Telemetry::adopt_ring(const std::string& path, std::uint32_t index, spool::Spool* traces,
                           spool::Spool* logs) {
  auto memory = base::MappedMemory::open(path);
  std::optional<base::RingRemains> ring;
  if (memory) ring = base::RingRemains::in(std::move(*memory));
  // Of what nobody can read, at least one.
  std::uint64_t lost_spans = ring ? 0 : 1;
  std::uint64_t lost_lines = lost_spans;
  for (; ring; ring->pop()) {
    const std::span<const std::byte> record = ring->front();
    if (record.data() == nullptr) break;
    const auto has_it = [&](const spool::Spool* spool) {
      if (spool == nullptr || !spool->last_source()) return false;
      const spool::Spool::Source& last = *spool->last_source();
      return last.ring == index && last.ring_end == ring->end();
    };
    if (has_it(traces)) continue;
    if (!read_record(record, request_)) {
      const auto prefix = read_prefix(record);
      lost_spans += prefix ? prefix->spans : 1;
      ++lost_lines;
      continue;
    }
    for (spool::Spool* const spool : {traces, logs})
      if (spool != nullptr) spool->keep_on_disk();
    const bool is_logged = has_it(logs);
    take_request(request_, {.ring = index,
                            .ring_end = ring->end(),
                            .traces = traces,
                            .logs = is_logged ? nullptr : logs,
                            .has_line = is_logged});
  }
  if (ring && ring->is_damaged()) {
    ++lost_spans;
    ++lost_lines;
  }
  if (traces != nullptr)
    exporter_metrics_.count_dropped(Signal::kTraces, DropReason::kSpoolUnreadable, lost_spans);
  if (logs != nullptr)
    exporter_metrics_.count_dropped(Signal::kLogs, DropReason::kSpoolUnreadable, lost_lines);
  ::unlink(path.c_str());
}

void Telemetry::adjust_pause(std::size_t fullest_permille) {
  if (fullest_permille > kBusyPermille)
    pause_ = std::max(pause_ / 2, kPauseMin);
  else if (fullest_permille < kCalmPermille)
    pause_ = std::min(pause_ * 2, kPauseMax);
}

// Of all signals together: what went wrong last, wherever it did.
ExportHealth::Facts Telemetry::export_facts() const {
  ExportHealth::Facts all;
  for (const ExportHealth& health : export_health_) {
    ExportHealth::Facts facts = health.facts();
    all.failing |= facts.failing;
    all.last_success_at = std::max(all.last_success_at, facts.last_success_at);
    if (facts.last_error_at <= all.last_error_at) continue;
    all.last_error_at = facts.last_error_at;
    all.last_error = std::move(facts.last_error);
  }
  return all;
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
  const ExporterMetrics::UnsentGauges& unsent = exporter_metrics_.unsent(Signal::kTraces);
  Health health{.exports = export_facts(),
                .spans_sent = exporter_metrics_.items(Signal::kTraces, ExportResult::kSuccess),
                .spans_rejected = exporter_metrics_.items(Signal::kTraces, ExportResult::kRejected),
                .unsent_spans = unsent.items.value(),
                .oldest_unsent_seconds = unsent.oldest_seconds.value(),
                .spans = fill(&ExporterMetrics::DepthGauges::spans),
                .spool_bytes = {.waiting = unsent.disk_bytes.value(), .max = unsent.disk_bytes_max.value()},
                .record_bytes = fill(&ExporterMetrics::DepthGauges::record_bytes),
                .log_bytes = fill(&ExporterMetrics::DepthGauges::log_line_bytes),
                .dropped = {{"traces", "ring_full", lost_spans},
                            {"logs", "ring_full", lost_lines},
                            {"history", "ring_full", lost_calls}}};
  exporter_metrics_.append_dropped(health.dropped);
  return health;
}

Snapshot Telemetry::collect_metrics(Reader reader) {
  const std::lock_guard lock(scrape_mutex_);
  return scrape_.collect(reader);
}

bool Telemetry::try_encode_metrics(otlp::MetricPortions& portions) {
  std::unique_lock lock(scrape_mutex_, std::try_to_lock);
  if (!lock) return false;
  const Snapshot snapshot = scrape_.collect(Reader::kExporter);
  lock.unlock();
  otlp::encode_metrics(snapshot.families, {.started_at = started_at_, .now = base::wall_now()}, portions);
  return true;
}

}  // namespace archestra::telemetry
