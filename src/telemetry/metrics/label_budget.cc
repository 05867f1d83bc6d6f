#include "telemetry/metrics/label_budget.h"

#include <algorithm>
#include <utility>

namespace archestra::telemetry {

LabelBudget::LabelBudget(std::string kind, std::size_t sets_max)
    : sets_max_(sets_max), labels_{{std::move(kind)}, {}} {
  shown_sets_max_.add(static_cast<std::int64_t>(sets_max));
  series_.series.publish({Metric::kLabelSets, &labels_, "", &shown_sets_});
  series_.series.publish({Metric::kLabelSetsMax, &labels_, "", &shown_sets_max_});
}

void LabelBudget::count() {
  shown_sets_.add(static_cast<std::int64_t>(entries_.size()) - shown_sets_.value());
  sets_.store(entries_.size(), std::memory_order_release);
  version_.fetch_add(1, std::memory_order_release);
}

bool LabelBudget::try_enter(const std::string& set, std::uint64_t fingerprint) {
  const std::lock_guard lock(mutex_);
  if (const auto known = entries_.find(set); known != entries_.end()) {
    ++known->second.shards;
    return true;
  }
  if (entries_.size() >= sets_max_) return false;
  entries_.emplace(set, Entry{.shards = 1, .fingerprint = fingerprint});
  count();
  return true;
}

void LabelBudget::leave(std::string_view set) {
  const std::lock_guard lock(mutex_);
  const auto known = entries_.find(set);
  ARCHESTRA_ASSERT(known != entries_.end(), "only who has entered leaves");
  if (--known->second.shards > 0) return;
  entries_.erase(known);
  count();
}

std::uint64_t LabelBudget::copy_fingerprints(std::vector<std::uint64_t>& out) const {
  out.clear();
  const std::lock_guard lock(mutex_);
  for (const auto& [set, entry] : entries_) out.push_back(entry.fingerprint);
  std::ranges::sort(out);
  return version_.load(std::memory_order_relaxed);
}

bool BudgetDoor::may_enter(std::uint64_t fingerprint) {
  if (!budget_.is_full()) return true;
  if (budget_.version() != known_version_) known_version_ = budget_.copy_fingerprints(known_);
  return std::ranges::binary_search(known_, fingerprint);
}

}  // namespace archestra::telemetry
