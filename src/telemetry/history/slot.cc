#include "telemetry/history/slot.h"

#include "base/assert.h"

namespace archestra::telemetry {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

}  // namespace

void PackedSlot::add(const LabelSetRef& set, const FigureSum& figures) {
  sets_.push_back(set);
  const Counts& counts = figures.counts;
  for (const std::uint64_t number :
       {counts.calls, counts.errors, counts.input_tokens, counts.output_tokens, counts.blocked_tool_calls})
    append_number(cells_, number);
  for (const SparseSketch& sketch : figures.sketches) {
    append_number(cells_, sketch.counts().size());
    std::uint32_t before = 0;
    for (const BucketCount& each : sketch.counts()) {
      append_number(cells_, each.bucket - before);
      append_number(cells_, each.count);
      before = each.bucket;
    }
  }
}

void PackedSlot::shrink() {
  sets_.shrink_to_fit();
  cells_.shrink_to_fit();
}

std::uint64_t PackedSlot::Reader::number() {
  std::uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    ARCHESTRA_ASSERT(at_ < slot_.cells_.size(), "a slot holds whole cells");
    const auto byte = static_cast<unsigned char>(slot_.cells_[at_++]);
    number |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return number;
  }
}

bool PackedSlot::Reader::next(CellView& out) {
  if (set_ == slot_.sets_.size()) return false;
  out.set = slot_.sets_[set_++].get();
  out.counts.calls = number();
  out.counts.errors = number();
  out.counts.input_tokens = number();
  out.counts.output_tokens = number();
  out.counts.blocked_tool_calls = number();
  buckets_.clear();
  std::array<std::size_t, kMeasures> sizes{};
  for (std::size_t& size : sizes) {
    size = number();
    std::uint32_t bucket = 0;
    for (std::size_t i = 0; i < size; ++i) {
      bucket += static_cast<std::uint32_t>(number());
      buckets_.push_back({.bucket = bucket, .count = static_cast<std::uint32_t>(number())});
    }
  }
  std::span<const BucketCount> rest = buckets_;
  for (std::size_t i = 0; i < kMeasures; ++i) {
    out.sketches[i] = rest.first(sizes[i]);
    rest = rest.subspan(sizes[i]);
  }
  return true;
}

FigureSum& OpenSlot::figures_of(const LabelSetRef& set) {
  const auto [place, is_new] = places_.try_emplace(set.get(), cells_.size());
  if (is_new) cells_.push_back({.set = set, .figures = {}});
  return cells_[place->second].figures;
}

void OpenSlot::add(const OpenSlot& other) {
  for (const Cell& cell : other.cells_) figures_of(cell.set).add(cell.figures);
}

PackedSlotRef OpenSlot::packed() const {
  auto packed = std::make_shared<PackedSlot>(begin_);
  for (const Cell& cell : cells_) packed->add(cell.set, cell.figures);
  packed->shrink();
  return packed;
}

void OpenSlot::clear() {
  cells_.clear();
  places_.clear();
}

}  // namespace archestra::telemetry
