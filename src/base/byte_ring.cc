#include "base/byte_ring.h"

#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "base/assert.h"

namespace archestra::base {
namespace {

MappedMemory own_memory(std::size_t bytes) {
  auto memory = MappedMemory::anonymous(bytes);
  ARCHESTRA_ASSERT(memory, "a ring is made at the start, where there is memory");
  return std::move(*memory);
}

}  // namespace

ByteRing::ByteRing(std::size_t capacity) : ByteRing(capacity, own_memory(bytes_for(capacity))) {}

ByteRing::ByteRing(std::size_t capacity, MappedMemory memory)
    : capacity_(capacity),
      memory_(std::move(memory)),
      control_(new(memory_.bytes().data()) RingControl),
      records_(memory_.bytes().data() + sizeof(RingControl)) {
  ARCHESTRA_ASSERT(std::has_single_bit(capacity) && capacity >= 64, "a ring's capacity is a power of two");
  ARCHESTRA_ASSERT(memory_.bytes().size() == bytes_for(capacity), "a ring has all of its memory");
  control_->capacity = capacity;
}

std::uint32_t ByteRing::length_at(std::uint64_t position) {
  std::uint32_t length = 0;
  std::memcpy(&length, at(position), sizeof length);
  return length;
}

void ByteRing::set_length(std::uint64_t position, std::uint32_t length) {
  std::memcpy(at(position), &length, sizeof length);
}

std::span<std::byte> ByteRing::try_reserve(std::size_t bytes) {
  if (bytes > record_bytes_max()) return {};
  const std::uint64_t head = control_->head.load(std::memory_order_relaxed);
  const std::size_t need = kHeader + rounded(bytes);
  const std::size_t to_end = capacity_ - (head & (capacity_ - 1));
  const std::size_t padding = need > to_end ? to_end : 0;
  if (head + padding + need - cached_tail_ > capacity_) {
    cached_tail_ = control_->tail.load(std::memory_order_acquire);
    if (head + padding + need - cached_tail_ > capacity_) return {};
  }
  if (padding != 0) set_length(head, kPadding);
  reserved_at_ = head + padding;
  return {at(reserved_at_) + kHeader, bytes};
}

void ByteRing::commit(std::size_t bytes) {
  set_length(reserved_at_, static_cast<std::uint32_t>(bytes));
  control_->head.store(reserved_at_ + kHeader + rounded(bytes), std::memory_order_release);
}

std::span<const std::byte> ByteRing::front() {
  std::uint64_t tail = control_->tail.load(std::memory_order_relaxed);
  if (tail == cached_head_) {
    cached_head_ = control_->head.load(std::memory_order_acquire);
    if (tail == cached_head_) return {};
  }
  if (length_at(tail) == kPadding) {
    tail += capacity_ - (tail & (capacity_ - 1));
    control_->tail.store(tail, std::memory_order_release);
  }
  return {at(tail) + kHeader, length_at(tail)};
}

std::uint64_t ByteRing::front_end() {
  const std::uint64_t tail = control_->tail.load(std::memory_order_relaxed);
  return tail + kHeader + rounded(length_at(tail));
}

void ByteRing::pop() { control_->tail.store(front_end(), std::memory_order_release); }

std::optional<RingRemains> RingRemains::in(MappedMemory memory) {
  if (memory.bytes().size() < sizeof(RingControl)) return std::nullopt;
  const auto* const control = reinterpret_cast<const RingControl*>(memory.bytes().data());
  const std::uint64_t used = control->head.load() - control->tail.load();
  const bool makes_sense = control->magic == RingControl::kMagic &&
                           control->capacity == memory.bytes().size() - sizeof(RingControl) &&
                           std::has_single_bit(control->capacity) && used <= control->capacity &&
                           control->tail.load() % 8 == 0 && used % 8 == 0;
  if (!makes_sense) return std::nullopt;
  return RingRemains(std::move(memory));
}

RingRemains::RingRemains(MappedMemory memory)
    : memory_(std::move(memory)),
      control_(reinterpret_cast<RingControl*>(memory_.bytes().data())),
      records_(memory_.bytes().data() + sizeof(RingControl)),
      head_(control_->head.load()),
      tail_(control_->tail.load()),
      end_(tail_) {}

std::uint32_t RingRemains::length_at(std::uint64_t position) const {
  std::uint32_t length = 0;
  std::memcpy(&length, records_ + (position & (control_->capacity - 1)), sizeof length);
  return length;
}

std::span<const std::byte> RingRemains::front() {
  const std::uint64_t capacity = memory_.bytes().size() - sizeof(RingControl);
  if (tail_ < head_ && length_at(tail_) == ByteRing::kPadding) tail_ += capacity - (tail_ & (capacity - 1));
  if (is_damaged_ || tail_ >= head_) return {};
  const std::uint64_t at = tail_ & (capacity - 1);
  const std::uint64_t whole = ByteRing::kHeader + ByteRing::rounded(length_at(tail_));
  if (whole > head_ - tail_ || whole > capacity - at) {
    is_damaged_ = true;
    return {};
  }
  end_ = tail_ + whole;
  return {records_ + at + ByteRing::kHeader, length_at(tail_)};
}

void RingRemains::pop() {
  tail_ = end_;
  control_->tail.store(tail_, std::memory_order_release);
}

}  // namespace archestra::base
