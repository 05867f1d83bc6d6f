// The pace of one answer: when its events with content came, and how long it was between them. A value.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "call/token_gaps.h"

namespace archestra::proxy {

/// Times are those of arrival: of the read that brought an event's last byte. So events of one read have
/// gaps of 0 between them, as their reader has; and a client so slow that the upstream has to wait for it
/// makes the gaps longer.
class Pace {
 public:
  /// An event with content came at `now`, not before the one before it.
  void note(base::MonotonicTime now) {
    if (!first_) first_ = now;
    if (last_) note_gap(now - *last_);
    last_ = now;
  }

  const std::optional<base::MonotonicTime>& first() const { return first_; }
  const std::optional<base::MonotonicTime>& last() const { return last_; }
  const call::TokenGaps& gaps() const { return gaps_; }
  /// The first kStallsToldMax stalls; since `started`, when the try began.
  std::vector<call::Stall> stalls(base::MonotonicTime started) const {
    std::vector<call::Stall> told;
    told.reserve(stalls_.size());
    for (const Stall& stall : stalls_) told.push_back({stall.began - started, stall.length});
    return told;
  }

 private:
  struct Stall {
    base::MonotonicTime began;
    base::Duration length;
  };

  void note_gap(base::Duration gap) {
    gaps_.add(gap);
    if (gap > call::kStallAfter && stalls_.size() < call::kStallsToldMax) stalls_.push_back({*last_, gap});
  }

  std::optional<base::MonotonicTime> first_;
  std::optional<base::MonotonicTime> last_;
  call::TokenGaps gaps_;
  std::vector<Stall> stalls_;
};

}  // namespace archestra::proxy
