// Names to addresses by c-ares (hosts file, then DNS), asynchronous, one per loop. c-ares stays in the
// .cc. A shard asks once for a name however many calls wait, and only the first calls of a name do: an answer
// that has passed its time to live is renewed beside the traffic, and if that fails it goes on being used
// for a while (in the spirit of RFC 8767).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/socket_address.h"
#include "net/task.h"

namespace archestra::net {

using Addresses = std::vector<SocketAddress>;

struct ResolverOptions {
  Addresses name_servers = {};  ///< asked instead of those in /etc/resolv.conf, where there are any
  /// An answer is good for its time to live within these bounds. One from the hosts file has none, and is
  /// good for the least.
  base::Duration lifetime_min = std::chrono::seconds(1);
  base::Duration lifetime_max = std::chrono::minutes(5);
  /// Thereafter it is used this long while no better one is to be had, whatever the name servers say.
  base::Duration kept_after = std::chrono::minutes(10);
  /// Pause after a failed look-up whose name has an answer still.
  base::Duration pause_after_failure = std::chrono::seconds(1);
};

class Resolver {
 public:
  explicit Resolver(EventLoop& loop, const ResolverOptions& options = {});
  Resolver(const Resolver&) = delete;
  ~Resolver();

  /// The addresses of `host` (a name or a numeric address, which nobody is asked for) with `port`, in the
  /// order to try them (RFC 6724 section 6). kTimeout at the deadline, kNameNotFound where there are none,
  /// kCancelled where `gone` (may be null) reported that nobody waits for them any more.
  Task<base::Result<Addresses>> resolve(std::string host, std::uint16_t port, base::MonotonicTime deadline,
                                        Readiness* gone = nullptr);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace archestra::net
