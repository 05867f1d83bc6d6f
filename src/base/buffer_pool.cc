#include "base/buffer_pool.h"

#include <bit>
#include <utility>

#include "base/assert.h"

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
  ARCHESTRA_ASSERT(in_use_ == 0, "every buffer is back before its pool dies");
  for (auto& blocks : free_)
    for (char* block : blocks) delete[] block;  // poisoned or not, it is the allocator's again
}

Buffer BufferPool::take(std::size_t bytes) {
  if (bytes > kLargestPooled) {
    in_use_ += bytes;
    return Buffer(this, new char[bytes + kSlack], bytes);
  }
  const std::size_t index = class_of(bytes);
  const std::size_t size = kSmallest << index;
  in_use_ += size;
  auto& blocks = free_[index];
  if (blocks.empty()) return Buffer(this, new char[size + kSlack], size);
  char* data = blocks.back();
  blocks.pop_back();
  idle_ -= size;
  ARCHESTRA_UNPOISON(data, size + kSlack);
  return Buffer(this, data, size);
}

void BufferPool::give_back(char* data, std::size_t size) {
  in_use_ -= size;
  if (size > kLargestPooled || idle_ + size > idle_bytes_max_) {
    delete[] data;
    return;
  }
  // So that AddressSanitizer sees a view that outlived its block.
  ARCHESTRA_POISON(data, size + kSlack);
  free_[class_of(size)].push_back(data);
  idle_ += size;
}

}  // namespace archestra::base
