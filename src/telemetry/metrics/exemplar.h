// Exemplars: spans that a figure comes from, beside the cells that count. One writing thread, any number of
// reading ones; no lock, and no value that was half written.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/ids.h"

namespace archestra::telemetry {

/// The span that something is counted for, and when.
struct ExemplarSpan {
  base::TraceId trace_id;
  base::SpanId span_id;
  base::WallTime time;
};

/// Nothing where the span is not recorded: an exemplar names only what can be looked up.
using ExemplarSource = std::optional<ExemplarSpan>;

struct Exemplar {
  ExemplarSpan span;
  std::uint64_t value = 0;  ///< as the cell counts: nanoseconds, or a number
};

/// Room for one exemplar. A sequence lock whose words are atomics: a writer makes the sequence odd, and a
/// reader that sees a word of a later write sees its odd sequence as well.
class ExemplarSlot {
 public:
  /// An exemplar stays for so long: what a busy series shows is as good a second later.
  static constexpr base::Duration kStays = std::chrono::seconds(1);

  /// The owner's thread.
  void offer(const ExemplarSpan& span, std::uint64_t value) {
    const auto last = static_cast<std::int64_t>(words_[kTime].load(std::memory_order_relaxed));
    const std::int64_t now = span.time.time_since_epoch().count();
    // A wall clock that was set back is no reason to wait until it is there again.
    if (now >= last && now - last < kStays.count()) return;
    const std::uint64_t sequence = sequence_.load(std::memory_order_relaxed);
    sequence_.store(sequence + 1, std::memory_order_relaxed);
    const auto trace = std::bit_cast<std::array<std::uint64_t, 2>>(span.trace_id.bytes);
    set(kTraceId, trace[0]);
    set(kTraceId + 1, trace[1]);
    set(kSpanId, std::bit_cast<std::uint64_t>(span.span_id.bytes));
    set(kValue, value);
    set(kTime, static_cast<std::uint64_t>(now));
    sequence_.store(sequence + 2, std::memory_order_release);
  }

  /// Any thread. Nothing where none was offered, or the owner writes again and again meanwhile.
  std::optional<Exemplar> read() const;

 private:
  enum : std::size_t { kTraceId = 0, kSpanId = 2, kValue, kTime, kWords };
  void set(std::size_t word, std::uint64_t value) { words_[word].store(value, std::memory_order_release); }

  std::atomic<std::uint64_t> sequence_{0};
  std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

/// The exemplars of one cell: a slot for each place, of a counter the one, of a histogram a bucket. Each
/// takes memory, 64 bytes, with its first exemplar; few of a histogram's are ever used, so they are in a
/// list.
class ExemplarSlots {
 public:
  ExemplarSlots() = default;
  ExemplarSlots(const ExemplarSlots&) = delete;
  ExemplarSlots& operator=(const ExemplarSlots&) = delete;
  ~ExemplarSlots();

  /// The owner's thread. Allocates for the first one of a place.
  void offer(const ExemplarSpan& span, std::uint64_t value, std::size_t place);

  /// Any thread. By place: those that are newer than what `newest` has.
  void add_to(std::span<std::optional<Exemplar>> newest) const;

 private:
  struct Node {
    const std::size_t place;
    const Node* const older;
    mutable ExemplarSlot slot;
  };
  std::atomic<const Node*> newest_{nullptr};
};

}  // namespace archestra::telemetry
