#include "api/attempt_limit.h"

#include <algorithm>
#include <functional>

namespace archestra::api {
namespace {

net::IpAddress key_of(std::string_view address) {
  net::IpAddress key = net::parse_ip_address(address).value_or(net::IpAddress{});
  constexpr std::size_t kMappedZeros = 10;  // of an IPv4 address, whose last four bytes tell it apart
  const bool is_ipv4 =
      std::all_of(key.begin(), key.begin() + kMappedZeros, [](auto byte) { return byte == 0; }) &&
      key[kMappedZeros] == 0xff && key[kMappedZeros + 1] == 0xff;
  if (!is_ipv4) std::fill(key.begin() + key.size() / 2, key.end(), std::uint8_t{0});
  return key;
}

}  // namespace

std::size_t AttemptLimit::Hash::operator()(const net::IpAddress& address) const {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(address.data()), address.size()});
}

base::Duration AttemptLimit::wait(std::string_view address, base::MonotonicTime now) const {
  const auto found = entries_.find(key_of(address));
  if (found == entries_.end()) return {};
  return std::max(found->second.forgiven - now - most_, base::Duration::zero());
}

void AttemptLimit::count(std::string_view address, base::MonotonicTime now, std::uint64_t attempt) {
  const net::IpAddress key = key_of(address);
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= kAddressesMax) make_room(now);
    entries_[key] = {.forgiven = now + pause_, .last = attempt};
    return;
  }
  Entry& entry = found->second;
  if (attempt != 0 && attempt == entry.last) return;
  entry = {.forgiven = std::max(entry.forgiven, now) + pause_, .last = attempt};
}

void AttemptLimit::make_room(base::MonotonicTime now) {
  std::erase_if(entries_, [now](const auto& each) { return each.second.forgiven <= now; });
  if (entries_.size() < kAddressesMax) return;
  entries_.erase(
      std::ranges::min_element(entries_, {}, [](const auto& each) { return each.second.forgiven; }));
}

}  // namespace archestra::api
