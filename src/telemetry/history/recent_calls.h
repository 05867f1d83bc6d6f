// The last calls, whole, as they came through the ring: as many as fit into so many bytes, and no more than
// a number. For the thread that holds the history's lock; who reads copies records and reads them afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace archestra::telemetry {

/// Records copied out, for read_record(). Reused, it allocates no more.
class CopiedCalls {
 public:
  struct Call {
    std::uint64_t number;  ///< calls are numbered from 1, in the order they ended
    std::size_t offset;
    std::size_t size;
  };
  const std::vector<Call>& calls() const { return calls_; }
  std::span<const std::byte> record(const Call& call) const {
    return std::span(bytes_).subspan(call.offset, call.size);
  }

 private:
  friend class RecentCalls;
  std::vector<std::byte> bytes_;
  std::vector<Call> calls_;
};

class RecentCalls {
 public:
  static constexpr std::size_t kCallsMax = 10'000;
  /// Of one record, so that none takes the place of many; a longer one is left out. The texts of a call with
  /// all labels an agent can have are 43 KB.
  static constexpr std::size_t kRecordBytesMax = std::size_t{128} << 10;

  struct Held {
    std::size_t calls;
    base::WallTime oldest;  ///< when that began; of no meaning where there is none
  };

  /// `bytes_max` is made room for at once, of which the system gives what is used.
  explicit RecentCalls(std::size_t bytes_max);

  void add(std::span<const std::byte> record, const base::SpanId& id, base::WallTime started_at);

  Held held() const;
  /// Copies calls with numbers less than `before`, the newest first, until `bytes` are there; none where
  /// there are none.
  void copy_before(std::uint64_t before, std::size_t bytes, CopiedCalls& out) const;
  /// Copies one; none where it is not held.
  void copy(const base::SpanId& id, CopiedCalls& out) const;

 private:
  struct Entry {
    base::SpanId id;
    base::WallTime started_at;
    std::size_t offset;
    std::size_t size;
  };
  void drop_oldest();
  void copy(std::size_t index, CopiedCalls& out) const;

  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> memory_;
  std::deque<Entry> entries_;  // in order; their records lie one behind the other, and then from the start
  std::uint64_t first_number_ = 1;
};

}  // namespace archestra::telemetry
