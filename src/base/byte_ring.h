// A ring of variable-length records with one producer and one consumer. The producer never waits:
// where a record does not fit, it is refused and the caller counts it.
//
// All of it lies in one piece of memory: a control block, then records of an 8-byte header (payload length,
// padding marker) and the payload, 8-byte aligned, never split; a marker fills the rest of the ring where a
// record would not fit in one piece. Positions only grow. So the memory may be a file that is mapped, and a
// record that was committed is there for whoever reads the file after the process has died (RingRemains).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/mapped_memory.h"

namespace archestra::base {

/// What a ring's memory begins with. It is the same for all versions that can read each other's rings.
struct RingControl {
  static constexpr std::uint64_t kMagic = 0x31474e4952485241;  // "ARHRING1"
  std::uint64_t magic = kMagic;
  std::uint64_t capacity = 0;
  alignas(64) std::atomic<std::uint64_t> head{0};  ///< next byte to write; the producer's
  alignas(64) std::atomic<std::uint64_t> tail{0};  ///< next byte to read; the consumer's
};

class ByteRing {
 public:
  /// `capacity` is a power of two, in bytes. In memory of the process.
  explicit ByteRing(std::size_t capacity);
  /// An empty ring in `memory`, which holds zeros and is of bytes_for(capacity).
  ByteRing(std::size_t capacity, MappedMemory memory);
  static std::size_t bytes_for(std::size_t capacity) { return sizeof(RingControl) + capacity; }

  // Producer thread only.

  /// Room for a record of `bytes`, 8-byte aligned, or an empty span where the ring is too full.
  /// Nothing is visible to the consumer before commit().
  std::span<std::byte> try_reserve(std::size_t bytes);
  /// Publishes the reserved record, cut to `bytes` (at most what was reserved).
  void commit(std::size_t bytes);

  // Consumer thread only.

  /// The oldest record, or an empty span. Stays valid until pop().
  std::span<const std::byte> front();
  void pop();
  /// Behind the record that front() gave: what RingRemains::end() says of it after the process has died.
  std::uint64_t front_end();

  /// Any thread; approximate.
  std::size_t bytes_used() const {
    return control_->head.load(std::memory_order_relaxed) - control_->tail.load(std::memory_order_relaxed);
  }
  std::size_t capacity() const { return capacity_; }
  /// The largest payload that can ever fit.
  std::size_t record_bytes_max() const { return capacity_ / 2 - kHeader; }

 private:
  friend class RingRemains;
  static constexpr std::size_t kHeader = 8;
  static constexpr std::uint32_t kPadding = 0xffffffff;
  static std::size_t rounded(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }
  std::byte* at(std::uint64_t position) { return records_ + (position & (capacity_ - 1)); }
  std::uint32_t length_at(std::uint64_t position);
  void set_length(std::uint64_t position, std::uint32_t length);

  const std::size_t capacity_;
  const MappedMemory memory_;
  RingControl* const control_;
  std::byte* const records_;
  alignas(64) std::uint64_t reserved_at_ = 0;  // these two are the producer's
  std::uint64_t cached_tail_ = 0;
  alignas(64) std::uint64_t cached_head_ = 0;  // the consumer's
};

/// What is left in the file of a ring whose process has died; whatever is in it, for nobody knows who wrote
/// there. One thread.
class RingRemains {
 public:
  /// Nothing where it does not begin as a ring does.
  static std::optional<RingRemains> in(MappedMemory memory);

  /// The oldest record, or an empty span. Stays valid until pop().
  std::span<const std::byte> front();
  /// Takes it out, so that whoever reads the file after this process does not find it again.
  void pop();
  /// Behind the record that front() gave.
  std::uint64_t end() const { return end_; }
  /// Whether front() has come upon something that cannot be a record; behind that nothing is found.
  bool is_damaged() const { return is_damaged_; }

 private:
  explicit RingRemains(MappedMemory memory);
  std::uint32_t length_at(std::uint64_t position) const;

  MappedMemory memory_;
  RingControl* control_;
  const std::byte* records_;
  std::uint64_t head_;
  std::uint64_t tail_;
  std::uint64_t end_;
  bool is_damaged_ = false;
};

}  // namespace archestra::base
