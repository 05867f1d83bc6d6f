// Buffers in LIFO size classes (16 KiB to 4 MiB). A buffer belongs to the work in flight, not to a
// connection: an idle connection holds none. One pool per thread; nothing here is thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace archestra::base {

class BufferPool;

/// A block of memory on loan from a pool; goes back when it dies. Movable, may be empty.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { release(); }

  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }
  /// Gives the block back now.
  void release();

 private:
  friend class BufferPool;
  Buffer(BufferPool* pool, char* data, std::size_t size) : pool_(pool), data_(data), size_(size) {}

  BufferPool* pool_ = nullptr;
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

class BufferPool {
 public:
  static constexpr std::size_t kSmallest = std::size_t{16} << 10;
  static constexpr std::size_t kLargestPooled = std::size_t{4} << 20;
  /// Readable bytes behind every block's end, for readers that look at whole vectors (simdjson).
  static constexpr std::size_t kSlack = 64;

  /// `idle_bytes_max`: how much free memory is kept for reuse; beyond it blocks are freed.
  explicit BufferPool(std::size_t idle_bytes_max = std::size_t{8} << 20) : idle_bytes_max_(idle_bytes_max) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  /// A block of at least `bytes`, rounded up to its class; above the largest class exactly `bytes`, unpooled.
  Buffer take(std::size_t bytes = kSmallest);
  /// Bytes on loan right now, for limits and figures.
  std::size_t bytes_in_use() const { return in_use_; }
  std::size_t bytes_idle() const { return idle_; }

 private:
  friend class Buffer;
  static constexpr std::size_t kClasses = 9;  // 16 KiB << 0..8
  void give_back(char* data, std::size_t size);

  const std::size_t idle_bytes_max_;
  std::array<std::vector<char*>, kClasses> free_;
  std::size_t in_use_ = 0;
  std::size_t idle_ = 0;
};

}  // namespace archestra::base
