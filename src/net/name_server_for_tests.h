// A name server for unit tests: UDP on loopback, served by the test's own loop, scripted name by name.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "net/event_loop.h"
#include "net/socket_address.h"

namespace archestra::net {

class NameServer final : public Watcher {
 public:
  enum class Mood : std::uint8_t { kAnswers, kFails, kKnowsNone, kIsSilent };

  explicit NameServer(EventLoop& loop)
      : loop_(loop), fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    SocketAddress any = *SocketAddress::parse("127.0.0.1", 0);
    ARCHESTRA_ASSERT(::bind(fd_, any.get(), any.length) == 0, "a port for the name server");
    ARCHESTRA_ASSERT(loop_.watch_level(fd_, EPOLLIN, *this).has_value(), "the name server is watched");
    address_.length = sizeof address_.storage;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address_.storage), &address_.length);
  }
  NameServer(const NameServer&) = delete;
  ~NameServer() override {
    loop_.unwatch(fd_);
    ::close(fd_);
  }

  const SocketAddress& address() const { return address_; }

  /// What it answers, in this order; A or AAAA as each of them is.
  std::map<std::string, std::vector<std::string>, std::less<>> names;
  std::uint32_t ttl_seconds = 60;
  Mood mood = Mood::kAnswers;
  int asked = 0;  ///< questions for A; each look-up has one, and another for AAAA

 private:
  static constexpr std::size_t kHeadBytes = 12;
  static constexpr std::uint16_t kA = 1;
  static constexpr std::uint16_t kAaaa = 28;

  void on_events(std::uint32_t) override {
    std::array<char, 512> query;
    SocketAddress from;
    from.length = sizeof from.storage;
    const ssize_t bytes = ::recvfrom(fd_, query.data(), query.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from.storage), &from.length);
    if (bytes <= 0) return;
    const std::string reply = answer({query.data(), static_cast<std::size_t>(bytes)});
    if (!reply.empty()) ::sendto(fd_, reply.data(), reply.size(), 0, from.get(), from.length);
  }

  std::string answer(std::string_view query) {
    std::string name;
    std::size_t at = kHeadBytes;
    while (const auto label = static_cast<std::uint8_t>(query.at(at))) {
      if (!name.empty()) name += '.';
      name += query.substr(at + 1, label);
      at += label + 1U;
    }
    const std::uint16_t type = static_cast<std::uint8_t>(query.at(at + 2));
    const std::string_view question = query.substr(kHeadBytes, at + 5 - kHeadBytes);
    if (type == kA) ++asked;
    if (mood == Mood::kIsSilent) return {};
    const auto found = names.find(name);
    const bool is_known = mood == Mood::kAnswers && found != names.end();
    std::string records;
    std::uint8_t count = 0;
    for (const std::string& ip : is_known ? found->second : std::vector<std::string>()) {
      const auto address = SocketAddress::parse(ip, 0);
      if ((address->family() == AF_INET ? kA : kAaaa) != type) continue;
      records += record(*address, type);
      ++count;
    }
    const char code = mood == Mood::kFails ? '\2' : is_known ? '\0' : '\3';
    std::string reply(query.substr(0, 2));
    reply += {'\x81', static_cast<char>(0x80 | code), 0, 1, 0, static_cast<char>(count), 0, 0, 0, 0};
    reply += question;
    return reply + records;
  }

  std::string record(const SocketAddress& address, std::uint16_t type) const {
    const bool v4 = type == kA;
    const void* ip =
        v4 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr)
           : static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr);
    const char length = v4 ? 4 : 16;
    const std::uint32_t ttl = htonl(ttl_seconds);
    std::string record = {'\xc0', static_cast<char>(kHeadBytes), 0, static_cast<char>(type), 0, 1};
    record.append(reinterpret_cast<const char*>(&ttl), sizeof ttl);
    record += {0, length};
    record.append(static_cast<const char*>(ip), static_cast<std::size_t>(length));
    return record;
  }

  EventLoop& loop_;
  const int fd_;
  SocketAddress address_;
};

}  // namespace archestra::net
