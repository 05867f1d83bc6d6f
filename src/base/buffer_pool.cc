#include "base/buffer_pool.h"

#include <bit>
#include <utility>

#include "base/assert.h"

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
    for (char* block : blocks) delete[] block;
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
  return Buffer(this, data, size);
}

void BufferPool::give_back(char* data, std::size_t size) {
  in_use_ -= size;
  if (size > kLargestPooled || idle_ + size > idle_bytes_max_) {
    delete[] data;
    return;
  }
  free_[class_of(size)].push_back(data);
  idle_ += size;
}

}  // namespace archestra::base
