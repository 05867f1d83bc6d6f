#include "app/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace archestra::app {
namespace {

/// A manager's socket. A name that begins with '@' is an abstract one.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path);
    if (name.starts_with('@')) address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0) << name;
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  Manager(const Manager&) = delete;
  ~Manager() { ::close(fd_); }

  std::string heard() const {
    std::array<char, 256> text;
    const ssize_t size = ::recv(fd_, text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  int fd_;
};

void expect_to_hear_all(const std::string& name) {
  const Manager manager(name);
  const ServiceManager told;
  EXPECT_EQ(getenv("NOTIFY_SOCKET"), nullptr) << "a child would speak for the process";
  told.ready();
  EXPECT_EQ(manager.heard(), "READY=1");
  told.reloading();
  const std::string reloading = manager.heard();
  EXPECT_TRUE(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << reloading;
  EXPECT_GT(std::stoull(reloading.substr(reloading.rfind('=') + 1)), 0U);
  told.stopping();
  EXPECT_EQ(manager.heard(), "STOPPING=1");
  EXPECT_EQ(manager.heard(), "");
}

TEST(ServiceManager, HearsThroughAFile) {
  const std::string path = testing::TempDir() + "/notify-" + std::to_string(::getpid());
  expect_to_hear_all(path);
  std::filesystem::remove(path);
}

TEST(ServiceManager, HearsThroughAnAbstractSocket) {
  expect_to_hear_all("@archestra-test-" + std::to_string(::getpid()));
}

TEST(ServiceManager, NobodyIsTold) {
  for (const char* name : {"", "/nowhere/notify", "vsock:2:9000", "relative"}) {
    setenv("NOTIFY_SOCKET", name, 1);
    ServiceManager().ready();
  }
  setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
  ServiceManager().ready();
}

}  // namespace
}  // namespace archestra::app
