// The figures of the last day, down-sampled: slots of 10 s for 15 minutes, of a minute for an hour, of 5
// minutes for 24 hours. A call is added once, to the slot of now; when that is over it is packed, and added
// to the longer one that it is a part of. Bounded in bytes: where there are more, the oldest slots of the
// tier that takes the most are forgotten. Times are seconds of one's own, which never go back. For the
// thread that holds the history's lock; slots in a snapshot are immutable.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "telemetry/history/slot.h"

namespace archestra::telemetry {

struct Tier {
  std::int64_t step;  ///< seconds, of which the next tier's is a multiple
  std::int64_t kept;  ///< seconds
};
inline constexpr std::array<Tier, 3> kTiers{
    {{.step = 10, .kept = 15 * 60}, {.step = 60, .kept = 60 * 60}, {.step = 300, .kept = 24 * 60 * 60}}};

class SeriesStore {
 public:
  /// `bytes_max`: of packed slots. The open ones come on top, and the label sets.
  SeriesStore(std::size_t bytes_max, const LabelSets::Limits& sets) : bytes_max_(bytes_max), sets_(sets) {}

  /// Packs what is over and forgets what is too old. `now` is never less than before.
  void advance(std::int64_t now);
  /// A call that ended now: in the time that advance() said.
  void add(const FinishedRequest& request, const CallFigures& figures);

  /// What there is of the time for which tier `tier` keeps slots, in order: of those that are not over yet
  /// the shorter ones they are made of.
  std::vector<PackedSlotRef> slots(std::size_t tier) const;
  /// Before this time slots of a tier were forgotten for want of room; 0 where none were.
  std::int64_t known_from(std::size_t tier) const { return tiers_[tier].known_from; }

  std::size_t bytes() const { return bytes_; }
  const LabelSets& sets() const { return sets_; }

 private:
  struct Slots {
    OpenSlot open;
    std::deque<PackedSlotRef> packed;
    std::size_t bytes = 0;
    std::int64_t known_from = 0;
  };
  void make_room();
  void close(std::size_t tier);
  void drop_oldest(Slots& slots);
  OpenSlot& open_at(std::size_t tier, std::int64_t time);

  const std::size_t bytes_max_;
  std::int64_t now_ = 0;
  LabelSets sets_;
  std::array<Slots, kTiers.size()> tiers_;
  std::size_t bytes_ = 0;
};

}  // namespace archestra::telemetry
