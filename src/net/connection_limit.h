// How many clients may be connected at a time, in all and from one address, over all shards. Touched where a
// connection is accepted and where it ends, by any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace archestra::net {

/// What becomes of a connection.
enum class Admission : std::uint8_t {
  kServed,
  kAsksOnce,  ///< beyond the limit, among the few that may still ask for one thing: how we are, or why not
  kDropped,
};

/// Which limit it is beyond.
enum class OverLimit : std::uint8_t { kNone, kTotal, kAddress };

class ConnectionLimit {
 public:
  /// How many may ask once at the same time.
  static constexpr std::size_t kSurplusMax = 256;

  /// `per_address_max` 0: any number.
  ConnectionLimit(std::size_t total_max, std::size_t per_address_max)
      : total_max_(total_max), per_address_max_(per_address_max) {}
  ConnectionLimit(const ConnectionLimit&) = delete;

  /// The place of one connection, given back at its end. The limit outlives it.
  class Place {
   public:
    Place(Place&& other) noexcept
        : limit_(std::exchange(other.limit_, nullptr)),
          admission_(other.admission_),
          over_(other.over_),
          address_(std::move(other.address_)) {}
    Place& operator=(Place&&) = delete;
    ~Place();

    Admission admission() const { return admission_; }
    OverLimit over() const { return over_; }

   private:
    friend ConnectionLimit;
    Place(ConnectionLimit* limit, Admission admission, OverLimit over, std::string address)
        : limit_(limit), admission_(admission), over_(over), address_(std::move(address)) {}

    ConnectionLimit* limit_;  // null: moved from
    Admission admission_;
    OverLimit over_;
    std::string address_;  // where it is counted
  };

  /// Whether take() looks at the address.
  bool counts_addresses() const { return per_address_max_ > 0; }
  /// Of an IPv6 address the first half counts: whoever has one has all that begin so.
  Place take(std::string_view ip);

 private:
  bool try_count(const std::string& address);
  void give_back(const Place& place);

  const std::size_t total_max_;
  const std::size_t per_address_max_;
  std::atomic<std::size_t> total_ = 0;
  std::atomic<std::size_t> surplus_ = 0;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace archestra::net
