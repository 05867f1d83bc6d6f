// How often a client may be wrong about the admin token: so many times at once, then at a rate. By address,
// and for IPv6 by its first half, since whoever has one has all that begin so. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "net/ip_network.h"

namespace archestra::api {

class AttemptLimit {
 public:
  /// Addresses that are remembered. Beyond it the one that will be forgiven next is forgotten.
  static constexpr std::size_t kAddressesMax = 4096;

  /// `at_once` wrong attempts, and one more after each `pause`.
  AttemptLimit(unsigned at_once, base::Duration pause) : pause_(pause), most_((at_once - 1) * pause) {}

  /// How long until this address may try; zero: now. What is no address counts as one.
  base::Duration wait(std::string_view address, base::MonotonicTime now) const;
  /// It was wrong. Where `attempt` is not 0, the same one again is no further guess.
  void count(std::string_view address, base::MonotonicTime now, std::uint64_t attempt = 0);

 private:
  struct Entry {
    base::MonotonicTime forgiven;  // each wrong attempt moves it on by a pause
    std::uint64_t last = 0;
  };
  struct Hash {
    std::size_t operator()(const net::IpAddress& address) const;
  };
  void make_room(base::MonotonicTime now);

  const base::Duration pause_;
  const base::Duration most_;  // as far from now as an attempt is allowed
  std::unordered_map<net::IpAddress, Entry, Hash> entries_;
};

}  // namespace archestra::api
