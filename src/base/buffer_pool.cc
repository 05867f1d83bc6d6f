#include "base/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/assert.h"
#include "base/memory_reserve.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define ARCHESTRA_POISON(data, size) ASAN_POISON_MEMORY_REGION(data, size)
#define ARCHESTRA_UNPOISON(data, size) ASAN_UNPOISON_MEMORY_REGION(data, size)
#endif
#endif
#if !defined(ARCHESTRA_POISON)
#define ARCHESTRA_POISON(data, size) ((void)(data), (void)(size))
#define ARCHESTRA_UNPOISON(data, size) ((void)(data), (void)(size))
#endif

namespace archestra::base {
namespace {

std::size_t class_of(std::size_t bytes) {
  if (bytes <= BufferPool::kSmallest) return 0;
  return static_cast<std::size_t>(std::bit_width(bytes - 1) - std::bit_width(BufferPool::kSmallest - 1));
}

std::size_t size_of(std::size_t bytes) {
  return bytes > BufferPool::kLargestPooled ? bytes : BufferPool::kSmallest << class_of(bytes);
}

// Not by `new`, which would fall back on what is set aside for others before it says that there is nothing.
char* try_allocate(std::size_t size) { return static_cast<char*>(std::malloc(size + BufferPool::kSlack)); }

char* allocate(std::size_t size) {
  while (true) {
    if (char* const block = try_allocate(size)) return block;
    if (!use_memory_aside()) throw std::bad_alloc();
  }
}

std::int64_t signed_size(std::size_t bytes) { return static_cast<std::int64_t>(bytes); }

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : pool_(other.pool_), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    release();
    pool_ = other.pool_;
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void Buffer::release() {
  if (data_ == nullptr) return;
  pool_->give_back(std::exchange(data_, nullptr), std::exchange(size_, 0));
}

BufferPool::~BufferPool() {
  ARCHESTRA_ASSERT(bytes_in_use() == 0, "every buffer is back before its pool dies");
  for (Class& of_size : free_)
    for (char* block : of_size.blocks) std::free(block);  // poisoned or not, it is the allocator's again
}

Buffer BufferPool::take(std::size_t bytes) {
  if (Buffer idle = take_idle(bytes)) return idle;
  const std::size_t size = size_of(bytes);
  return lend(allocate(size), size);
}

Buffer BufferPool::try_take(std::size_t bytes) {
  if (Buffer idle = take_idle(bytes)) return idle;
  const std::size_t size = size_of(bytes);
  char* const data = memory_is_short() ? nullptr : try_allocate(size);
  return data != nullptr ? lend(data, size) : Buffer();
}

Buffer BufferPool::take_idle(std::size_t bytes) {
  if (bytes > kLargestPooled) return {};
  const std::size_t size = size_of(bytes);
  Class& of_size = free_[class_of(size)];
  if (of_size.blocks.empty()) return {};
  char* const data = of_size.blocks.back();
  of_size.blocks.pop_back();
  of_size.untouched = std::min(of_size.untouched, of_size.blocks.size());
  stats_.bytes_idle.add(-signed_size(size));
  ARCHESTRA_UNPOISON(data, size + kSlack);
  return lend(data, size);
}

Buffer BufferPool::lend(char* data, std::size_t size) {
  stats_.bytes_in_use.add(signed_size(size));
  return Buffer(this, data, size);
}

void BufferPool::give_back(char* data, std::size_t size) {
  stats_.bytes_in_use.add(-signed_size(size));
  if (size > kLargestPooled || bytes_idle() + size > idle_bytes_max_) {
    std::free(data);
    return;
  }
  // So that AddressSanitizer sees a view that outlived its block.
  ARCHESTRA_POISON(data, size + kSlack);
  free_[class_of(size)].blocks.push_back(data);
  stats_.bytes_idle.add(signed_size(size));
}

std::size_t BufferPool::trim() {
  std::size_t freed = 0;
  for (std::size_t index = 0; index < kClasses; ++index) {
    Class& of_size = free_[index];
    const auto end = of_size.blocks.begin() + signed_size(of_size.untouched);
    for (auto block = of_size.blocks.begin(); block != end; ++block) std::free(*block);
    of_size.blocks.erase(of_size.blocks.begin(), end);
    freed += of_size.untouched * (kSmallest << index);
    of_size.untouched = of_size.blocks.size();
  }
  stats_.bytes_idle.add(-signed_size(freed));
  return freed;
}

}  // namespace archestra::base
