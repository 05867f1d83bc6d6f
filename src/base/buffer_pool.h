// Buffers in LIFO size classes (16 KiB to 4 MiB). A buffer belongs to the work in flight, not to a
// connection: an idle connection holds none. One pool per thread; nothing here is thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "base/stats.h"

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

struct PoolStats {
  Gauge bytes_in_use;  ///< on loan
  Gauge bytes_idle;    ///< kept for the next loan
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
  /// The same for what may be refused: empty where the system has no memory for it, or little for anybody.
  Buffer try_take(std::size_t bytes);
  /// Bytes on loan right now, for limits.
  std::size_t bytes_in_use() const { return static_cast<std::size_t>(stats_.bytes_in_use.value()); }
  std::size_t bytes_idle() const { return static_cast<std::size_t>(stats_.bytes_idle.value()); }
  /// Any thread may read them.
  const PoolStats& stats() const { return stats_; }

  /// Frees the blocks that nobody has borrowed since the last trim(). Returns their bytes.
  std::size_t trim();

 private:
  friend class Buffer;
  static constexpr std::size_t kClasses = 9;  // 16 KiB << 0..8
  Buffer take_idle(std::size_t bytes);
  Buffer lend(char* data, std::size_t size);
  void give_back(char* data, std::size_t size);

  // The last block is lent first, so the lowest `untouched` ones have not been since the last trim().
  struct Class {
    std::vector<char*> blocks;
    std::size_t untouched = 0;
  };

  const std::size_t idle_bytes_max_;
  std::array<Class, kClasses> free_;
  PoolStats stats_;
};

}  // namespace archestra::base
