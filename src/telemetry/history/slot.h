// The figures of one stretch of time, for each label set that had calls in it: open while it is added to,
// then packed, immutable and shared with whoever reads it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "telemetry/history/call_figures.h"
#include "telemetry/history/label_sets.h"

namespace archestra::telemetry {

/// The figures of one set in a packed slot. The sketches are valid until the next one is read.
struct CellView {
  const LabelSet* set = nullptr;
  Counts counts;
  std::array<std::span<const BucketCount>, kMeasures> sketches;
};

/// Some tens of bytes a set: all numbers as varints, buckets as the distance from the one before.
class PackedSlot {
 public:
  explicit PackedSlot(std::int64_t begin) : begin_(begin) {}
  void add(const LabelSetRef& set, const FigureSum& figures);
  void shrink();

  /// In the seconds of the history's own time.
  std::int64_t begin() const { return begin_; }
  std::size_t bytes() const { return sizeof *this + cells_.capacity() + sets_.capacity() * sizeof(sets_[0]); }

  /// Reads the cells one after the other.
  class Reader {
   public:
    explicit Reader(const PackedSlot& slot) : slot_(slot) {}
    bool next(CellView& out);

   private:
    std::uint64_t number();

    const PackedSlot& slot_;
    std::size_t set_ = 0;
    std::size_t at_ = 0;
    std::vector<BucketCount> buckets_;  // of the cell
  };

 private:
  std::int64_t begin_;
  std::vector<LabelSetRef> sets_;
  std::string cells_;
};
using PackedSlotRef = std::shared_ptr<const PackedSlot>;

/// Of one thread at a time.
class OpenSlot {
 public:
  /// Begins anew.
  void begin(std::int64_t begin) { begin_ = begin; }
  std::int64_t begin() const { return begin_; }
  bool empty() const { return cells_.empty(); }

  FigureSum& figures_of(const LabelSetRef& set);
  /// Adds what the other has.
  void add(const OpenSlot& other);
  PackedSlotRef packed() const;
  void clear();

 private:
  struct Cell {
    LabelSetRef set;
    FigureSum figures;
  };
  std::int64_t begin_ = 0;
  std::vector<Cell> cells_;
  std::unordered_map<const LabelSet*, std::size_t> places_;
};

}  // namespace archestra::telemetry
