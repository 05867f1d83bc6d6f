#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

bool SeriesGroup::try_go_on() {
  std::int64_t ends_at = ends_at_.load(std::memory_order_acquire);
  return ends_at != kEnded &&
         ends_at_.compare_exchange_strong(ends_at, ticks(base::kNever), std::memory_order_acq_rel);
}

bool SeriesGroup::is_over(base::MonotonicTime now) const {
  const std::int64_t ends_at = ends_at_.load(std::memory_order_acquire);
  return ends_at == kEnded || (ends_at <= ticks(now) && in_flight_.value() == 0);
}

bool SeriesGroup::try_end(base::MonotonicTime now) {
  std::int64_t ends_at = ends_at_.load(std::memory_order_acquire);
  if (ends_at == kEnded) return true;
  // In flight is looked at second: once an end is set, the number only falls.
  if (ends_at > ticks(now) || in_flight_.value() != 0) return false;
  // The owner may have taken the end back meanwhile, or have ended the group itself.
  return ends_at_.compare_exchange_strong(ends_at, kEnded, std::memory_order_acq_rel) || ends_at == kEnded;
}

LabelPart base_labels(const Series& series) {
  const Family& family = family_of(series.metric);
  const std::vector<std::string>& values = series.base->values;
  ARCHESTRA_ASSERT(values.size() + (series.last.empty() ? 0 : 1) == family.labels.size(),
                   "a recorder gives a value for each label of its family");
  Labels labels;
  for (std::size_t i = 0; i < values.size(); ++i)
    labels.push_back({std::string(family.labels[i]), values[i]});
  return label_part(std::move(labels));
}

LabelPart last_label(const Series& series) {
  if (series.last.empty()) return {};
  return label_part({{std::string(family_of(series.metric).labels.back()), series.last}});
}

}  // namespace archestra::telemetry
