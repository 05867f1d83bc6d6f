#include "base/byte_ring.h"

#include <bit>
#include <cstring>

#include "base/assert.h"

namespace archestra::base {

ByteRing::ByteRing(std::size_t capacity) : capacity_(capacity), memory_(new std::byte[capacity]) {
  ARCHESTRA_ASSERT(std::has_single_bit(capacity) && capacity >= 64, "a ring's capacity is a power of two");
}

std::uint32_t ByteRing::length_at(std::size_t position) {
  std::uint32_t length = 0;
  std::memcpy(&length, at(position), sizeof length);
  return length;
}

void ByteRing::set_length(std::size_t position, std::uint32_t length) {
  std::memcpy(at(position), &length, sizeof length);
}

std::span<std::byte> ByteRing::try_reserve(std::size_t bytes) {
  if (bytes > record_bytes_max()) return {};
  const std::size_t head = head_.load(std::memory_order_relaxed);
  const std::size_t need = kHeader + rounded(bytes);
  const std::size_t to_end = capacity_ - (head & (capacity_ - 1));
  const std::size_t padding = need > to_end ? to_end : 0;
  if (head + padding + need - cached_tail_ > capacity_) {
    cached_tail_ = tail_.load(std::memory_order_acquire);
    if (head + padding + need - cached_tail_ > capacity_) return {};
  }
  if (padding != 0) set_length(head, kPadding);
  reserved_at_ = head + padding;
  return {at(reserved_at_) + kHeader, bytes};
}

void ByteRing::commit(std::size_t bytes) {
  set_length(reserved_at_, static_cast<std::uint32_t>(bytes));
  head_.store(reserved_at_ + kHeader + rounded(bytes), std::memory_order_release);
}

std::span<const std::byte> ByteRing::front() {
  std::size_t tail = tail_.load(std::memory_order_relaxed);
  if (tail == cached_head_) {
    cached_head_ = head_.load(std::memory_order_acquire);
    if (tail == cached_head_) return {};
  }
  if (length_at(tail) == kPadding) {
    tail += capacity_ - (tail & (capacity_ - 1));
    tail_.store(tail, std::memory_order_release);
  }
  return {at(tail) + kHeader, length_at(tail)};
}

void ByteRing::pop() {
  const std::size_t tail = tail_.load(std::memory_order_relaxed);
  tail_.store(tail + kHeader + rounded(length_at(tail)), std::memory_order_release);
}

}  // namespace archestra::base
