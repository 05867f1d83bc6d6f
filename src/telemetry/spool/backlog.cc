#include "telemetry/spool/backlog.h"

#include <utility>

namespace archestra::telemetry::spool {

Backlog::Backlog(Options options)
    : options_(std::move(options)),
      budget_{.bytes_max = options_.disk_bytes_max},
      own_(options_.own, budget_) {}

Spool& Backlog::adopt(std::shared_ptr<InstanceFolder> folder) {
  Spool::Options options = options_.own;
  options.folder = folder->path();
  options.keeps_found_frame = true;
  adopted_.push_back({std::move(folder), std::make_unique<Spool>(std::move(options), budget_)});
  return *adopted_.back().spool;
}

bool Backlog::take(std::uint64_t items_max, base::WallTime now, Batch& out) {
  const base::WallTime expired_before = now - options_.age_max;
  for (; !adopted_.empty(); adopted_.pop_front()) {
    taken_from_ = adopted_.front().spool.get();
    if (taken_from_->take(items_max, expired_before, out)) return true;
  }
  taken_from_ = &own_;
  return own_.take(items_max, expired_before, out);
}

void Backlog::settle() { taken_from_->settle(); }

std::uint64_t Backlog::items() const {
  std::uint64_t items = own_.items();
  for (const Adopted& adopted : adopted_) items += adopted.spool->items();
  return items;
}

std::uint64_t Backlog::memory_items() const {
  std::uint64_t items = own_.memory_items();
  for (const Adopted& adopted : adopted_) items += adopted.spool->memory_items();
  return items;
}

std::optional<base::WallTime> Backlog::oldest_at() {
  for (const Adopted& adopted : adopted_)
    if (const auto at = adopted.spool->oldest_at()) return at;
  return own_.oldest_at();
}

}  // namespace archestra::telemetry::spool
