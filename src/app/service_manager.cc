#include "app/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace archestra::app {
namespace {

constexpr int kFirstInherited = 3;  // SD_LISTEN_FDS_START
constexpr int kInheritedMax = 64;

std::string take_variable(const char* name) {
  // NOLINTBEGIN(concurrency-mt-unsafe): at the start there is one thread
  const char* const text = std::getenv(name);
  std::string taken = text == nullptr ? "" : text;
  unsetenv(name);
  // NOLINTEND(concurrency-mt-unsafe)
  return taken;
}

int whole_number(const std::string& text) {
  int number = -1;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end ? number : -1;
}

// "api:metrics"; a descriptor beyond the list has no name.
std::string take_name(std::string& names) {
  const std::size_t size = names.find(':');
  std::string name = names.substr(0, size);
  names.erase(0, size == std::string::npos ? size : size + 1);
  return name;
}

std::optional<net::ListenSockets>* place_of(std::string_view name, std::uint16_t port, const Config& config,
                                            InheritedSockets& sockets) {
  if (name == "api") return &sockets.api;
  if (name == "metrics") return &sockets.metrics;
  if (port == config.api_port) return &sockets.api;
  if (port == config.metrics_port) return &sockets.metrics;
  return nullptr;
}

}  // namespace

InheritedSockets take_inherited_sockets(const Config& config) {
  const std::string pid = take_variable("LISTEN_PID");
  const std::string count_text = take_variable("LISTEN_FDS");
  std::string names = take_variable("LISTEN_FDNAMES");
  InheritedSockets sockets;
  // Meant for a parent of ours that did not unset them.
  if (pid.empty() || count_text.empty() || whole_number(pid) != ::getpid()) return sockets;
  const int count = whole_number(count_text);
  if (count < 0 || count > kInheritedMax)
    throw ConfigError{
        fmt::format("LISTEN_FDS: \"{}\" is not accepted; it takes 0 to {}", count_text, kInheritedMax)};
  for (int fd = kFirstInherited; fd < kFirstInherited + count; ++fd) {
    const std::string name = take_name(names);
    auto socket = net::ListenSockets::adopt(fd);
    if (!socket)
      throw ConfigError{
          fmt::format("LISTEN_FDS: descriptor {} (\"{}\"): {}", fd, name, socket.error().text())};
    std::optional<net::ListenSockets>* const place = place_of(name, socket->port(), config, sockets);
    if (place == nullptr)
      throw ConfigError{fmt::format(
          "LISTEN_FDS: descriptor {} (\"{}\", port {}) is for neither port; name it api or metrics", fd, name,
          socket->port())};
    if (*place)
      (*place)->join(std::move(*socket));
    else
      place->emplace(std::move(*socket));
  }
  return sockets;
}

ServiceManager::ServiceManager() : address_(take_variable("NOTIFY_SOCKET")) {}

void ServiceManager::reloading() const {
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(base::monotonic_now().time_since_epoch());
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()));
}

void ServiceManager::send(std::string_view state) const {
  sockaddr_un address{};
  if (address_.empty() || address_.size() >= sizeof address.sun_path) return;
  if (address_.front() != '/' && address_.front() != '@') return;  // another kind of socket
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  address.sun_family = AF_UNIX;
  std::ranges::copy(address_, address.sun_path);
  if (address_.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  [[maybe_unused]] const ssize_t sent = ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                                                 reinterpret_cast<const sockaddr*>(&address), length);
  ::close(fd);
}

}  // namespace archestra::app
