#include "telemetry/history/recent_calls.h"

#include <algorithm>
#include <cstring>

namespace archestra::telemetry {

RecentCalls::RecentCalls(std::size_t bytes_max)
    : capacity_(bytes_max), memory_(std::make_unique_for_overwrite<std::byte[]>(bytes_max)) {}

void RecentCalls::drop_oldest() {
  entries_.pop_front();
  ++first_number_;
}

// Records are never cut: one that does not fit before the end begins at the start. The oldest ones give way,
// wherever they lie in the way.
void RecentCalls::add(std::span<const std::byte> record, const base::SpanId& id, base::WallTime started_at) {
  if (record.size() > std::min(kRecordBytesMax, capacity_)) return;
  if (entries_.size() == kCallsMax) drop_oldest();
  std::size_t begin = entries_.empty() ? 0 : entries_.back().offset + entries_.back().size;
  if (begin + record.size() > capacity_) {
    while (!entries_.empty() && entries_.front().offset >= begin) drop_oldest();
    begin = 0;
  }
  while (!entries_.empty() && entries_.front().offset >= begin &&
         entries_.front().offset < begin + record.size())
    drop_oldest();
  std::memcpy(memory_.get() + begin, record.data(), record.size());
  entries_.push_back({.id = id, .started_at = started_at, .offset = begin, .size = record.size()});
}

RecentCalls::Held RecentCalls::held() const {
  return {.calls = entries_.size(),
          .oldest = entries_.empty() ? base::WallTime() : entries_.front().started_at};
}

void RecentCalls::copy(std::size_t index, CopiedCalls& out) const {
  const Entry& entry = entries_[index];
  const std::size_t offset = out.bytes_.size();
  const std::byte* const record = memory_.get() + entry.offset;
  out.bytes_.insert(out.bytes_.end(), record, record + entry.size);
  out.calls_.push_back({.number = first_number_ + index, .offset = offset, .size = entry.size});
}

void RecentCalls::copy_before(std::uint64_t before, std::size_t bytes, CopiedCalls& out) const {
  out.bytes_.clear();
  out.calls_.clear();
  if (before <= first_number_) return;
  for (std::size_t i = std::min<std::uint64_t>(before - first_number_, entries_.size());
       i-- > 0 && out.bytes_.size() < bytes;)
    copy(i, out);
}

void RecentCalls::copy(const base::SpanId& id, CopiedCalls& out) const {
  out.bytes_.clear();
  out.calls_.clear();
  const auto found = std::ranges::find(entries_, id, &Entry::id);
  if (found != entries_.end()) copy(static_cast<std::size_t>(found - entries_.begin()), out);
}

}  // namespace archestra::telemetry
