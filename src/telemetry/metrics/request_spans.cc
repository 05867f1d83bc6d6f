#include "telemetry/metrics/request_spans.h"

#include <time.h>

#include <chrono>
#include <span>

#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {
namespace {

base::WallTime coarse_wall_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return base::WallTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

RequestSpans::RequestSpans(const call::RequestRecord& record, SpansRecorded recorded) : record_(record) {
  if (recorded == SpansRecorded::kYes)
    server_ = {record.trace.trace_id, record.trace.span_id, coarse_wall_now()};
}

ExemplarSource RequestSpans::of_try(std::size_t i) const {
  const std::span<const call::TryRecord> tries = record_.call->tries;
  if (!server_ || i + kRecordedTriesMax < tries.size()) return std::nullopt;
  ExemplarSource source = server_;
  source->span_id = tries[i].span_id;
  return source;
}

ExemplarSource RequestSpans::of_call() const {
  if (record_.call == nullptr || record_.call->tries.empty()) return server_;
  return of_try(record_.call->tries.size() - 1);
}

}  // namespace archestra::telemetry
