// What passes between the process and a service manager that speaks systemd's protocols: the listening
// sockets that it inherits (sd_listen_fds(3)), and what it says of its state (sd_notify(3)). Written from the
// manual pages; without such a manager nothing is inherited and nobody is told. Control thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/config.h"
#include "net/listener.h"

namespace archestra::app {

/// Sockets that somebody else bound and keeps; nothing where there is none for a port.
struct InheritedSockets {
  std::optional<net::ListenSockets> api;
  std::optional<net::ListenSockets> metrics;
};

/// Takes what LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES say was passed to this process, and unsets them, so
/// that no child takes it for its own. A socket belongs to the port that its name says, `api` or `metrics`,
/// or else to the configured port that it is bound to. Throws ConfigError where it is neither, or no
/// listening TCP socket. While the process has one thread.
InheritedSockets take_inherited_sockets(const Config& config);

/// Tells the manager, if there is one. Whether it listens is not the process's business.
class ServiceManager {
 public:
  /// Takes NOTIFY_SOCKET and unsets it. While the process has one thread.
  ServiceManager();
  ServiceManager(const ServiceManager&) = delete;

  void ready() const { send("READY=1"); }
  /// The configuration is read again; ready() says that this is over.
  void reloading() const;
  void stopping() const { send("STOPPING=1"); }

 private:
  void send(std::string_view state) const;
  std::string address_;  ///< of the socket; "" for none
};

}  // namespace archestra::app
