// Numbers that a module keeps of itself, for whoever shows them. Each has one writing thread and any number
// of reading ones: a relaxed load, an add and a releasing store, which compile to a plain add. A reader sees
// a recent value of each number, and with it all that its writer wrote before.
#pragma once

#include <atomic>
#include <cstdint>

namespace archestra::base {

/// Adds on the one writing thread of `value`.
template <class T>
inline void add_alone(std::atomic<T>& value, T n) {
  value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_release);
}

/// Counts events, bytes and tokens: integers, so that sums over shards are exact.
class Counter {
 public:
  void add(std::uint64_t n = 1) { add_alone(value_, n); }
  std::uint64_t value() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What its writer adds and takes back.
class Gauge {
 public:
  void add(std::int64_t n) { add_alone(value_, n); }
  void set(std::int64_t n) { value_.store(n, std::memory_order_release); }
  std::int64_t value() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Counts its owner for as long as it lives: an operation under way, a thing that is open.
class Counted {
 public:
  explicit Counted(Gauge& gauge) : gauge_(gauge) { gauge_.add(1); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { gauge_.add(-1); }

 private:
  Gauge& gauge_;
};

}  // namespace archestra::base
