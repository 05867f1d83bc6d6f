#include "net/connection_limit.h"

#include <arpa/inet.h>

#include <array>

namespace archestra::net {
namespace {

constexpr std::size_t kPrefixBytes = 8;  // of the 16 of an IPv6 address

bool try_take(std::atomic<std::size_t>& count, std::size_t max) {
  if (count.fetch_add(1, std::memory_order_relaxed) < max) return true;
  count.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

/// What connections of one client have in common: the address, or the prefix of a network.
std::string origin_of(std::string_view ip) {
  std::string text(ip);
  std::array<char, sizeof(in6_addr)> bytes;
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  return {bytes.data(), kPrefixBytes};
}

}  // namespace

ConnectionLimit::Place::~Place() {
  if (limit_ != nullptr) limit_->give_back(*this);
}

ConnectionLimit::Place ConnectionLimit::take(std::string_view ip) {
  std::string address = counts_addresses() ? origin_of(ip) : std::string();
  OverLimit over = OverLimit::kTotal;
  if (try_take(total_, total_max_)) {
    if (!counts_addresses() || try_count(address))
      return {this, Admission::kServed, OverLimit::kNone, std::move(address)};
    total_.fetch_sub(1, std::memory_order_relaxed);
    over = OverLimit::kAddress;
  }
  return {this, try_take(surplus_, kSurplusMax) ? Admission::kAsksOnce : Admission::kDropped, over, {}};
}

bool ConnectionLimit::try_count(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  std::size_t& count = by_address_[address];  // 0 only where it is new
  if (count == per_address_max_) return false;
  ++count;
  return true;
}

void ConnectionLimit::give_back(const Place& place) {
  if (place.admission_ == Admission::kAsksOnce) surplus_.fetch_sub(1, std::memory_order_relaxed);
  if (place.admission_ != Admission::kServed) return;
  total_.fetch_sub(1, std::memory_order_relaxed);
  if (!counts_addresses()) return;
  const std::scoped_lock lock(mutex_);
  const auto found = by_address_.find(place.address_);
  if (--found->second == 0) by_address_.erase(found);
}

}  // namespace archestra::net
