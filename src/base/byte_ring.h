// A ring of variable-length records with one producer and one consumer. The producer never waits:
// where a record does not fit, it is refused and the caller counts it.
//
// Layout: records of an 8-byte header (payload length, padding marker) and the payload, 8-byte
// aligned, never split; a marker fills the rest of the ring where a record would not fit in one
// piece. Positions only grow. The memory could as well be a MAP_SHARED file.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace archestra::base {

class ByteRing {
 public:
  /// `capacity` is a power of two, in bytes.
  explicit ByteRing(std::size_t capacity);

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

  /// Any thread; approximate.
  std::size_t bytes_used() const {
    return head_.load(std::memory_order_relaxed) - tail_.load(std::memory_order_relaxed);
  }
  std::size_t capacity() const { return capacity_; }
  /// The largest payload that can ever fit.
  std::size_t record_bytes_max() const { return capacity_ / 2 - kHeader; }

 private:
  static constexpr std::size_t kHeader = 8;
  static constexpr std::uint32_t kPadding = 0xffffffff;
  static std::size_t rounded(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }
  std::byte* at(std::size_t position) { return memory_.get() + (position & (capacity_ - 1)); }
  std::uint32_t length_at(std::size_t position);
  void set_length(std::size_t position, std::uint32_t length);

  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> memory_;
  alignas(64) std::atomic<std::size_t> head_{0};  // next byte to write
  std::size_t reserved_at_ = 0;
  std::size_t cached_tail_ = 0;
  alignas(64) std::atomic<std::size_t> tail_{0};  // next byte to read
  std::size_t cached_head_ = 0;
};

}  // namespace archestra::base
