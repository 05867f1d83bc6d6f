#include "telemetry/history/series_store.h"

#include <algorithm>
#include <utility>

namespace archestra::telemetry {
namespace {

std::int64_t begin_of_step(std::int64_t time, std::int64_t step) { return time - time % step; }

}  // namespace

// However long nothing happened, there is no more to do than what there is to forget.
void SeriesStore::advance(std::int64_t now) {
  now_ = now;
  for (std::size_t tier = 0; tier < kTiers.size(); ++tier) {
    Slots& slots = tiers_[tier];
    if (!slots.open.empty() && begin_of_step(now, kTiers[tier].step) != slots.open.begin()) close(tier);
    while (!slots.packed.empty() &&
           slots.packed.front()->begin() + kTiers[tier].step + kTiers[tier].kept <= now)
      drop_oldest(slots);
  }
}

void SeriesStore::close(std::size_t tier) {
  Slots& slots = tiers_[tier];
  const PackedSlotRef& packed = slots.packed.emplace_back(slots.open.packed());
  slots.bytes += packed->bytes();
  bytes_ += packed->bytes();
  if (tier + 1 < kTiers.size()) open_at(tier + 1, slots.open.begin()).add(slots.open);
  slots.open.clear();
  make_room();
  sets_.drop_unused();
}

void SeriesStore::make_room() {
  while (bytes_ > bytes_max_) {
    const auto largest = std::ranges::max_element(tiers_, {}, &Slots::bytes);
    const auto tier = static_cast<std::size_t>(largest - tiers_.begin());
    largest->known_from = largest->packed.front()->begin() + kTiers[tier].step;
    drop_oldest(*largest);
  }
}

// A shorter slot is closed before the longer one that it is a part of: that one is still open, or the next.
OpenSlot& SeriesStore::open_at(std::size_t tier, std::int64_t time) {
  OpenSlot& open = tiers_[tier].open;
  const std::int64_t begin = begin_of_step(time, kTiers[tier].step);
  if (!open.empty() && open.begin() != begin) close(tier);
  open.begin(begin);
  return open;
}

void SeriesStore::drop_oldest(Slots& slots) {
  const std::size_t bytes = slots.packed.front()->bytes();
  slots.packed.pop_front();
  slots.bytes -= bytes;
  bytes_ -= bytes;
}

void SeriesStore::add(const FinishedRequest& request, const CallFigures& figures) {
  open_at(0, now_).figures_of(sets_.set_of(request)).add(figures);
}

std::vector<PackedSlotRef> SeriesStore::slots(std::size_t tier) const {
  std::vector<PackedSlotRef> all(tiers_[tier].packed.begin(), tiers_[tier].packed.end());
  for (std::size_t i = tier + 1; i-- > 0;)
    if (!tiers_[i].open.empty()) all.push_back(tiers_[i].open.packed());
  return all;
}

}  // namespace archestra::telemetry
