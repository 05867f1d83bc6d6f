// Names to addresses by c-ares (hosts file, then DNS), asynchronous, one per loop. c-ares stays in the
// .cc. Answers are remembered for a short time; a shard asks once for a name however many calls wait.
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

class Resolver {
 public:
  /// How long an answer is used before the name is asked again.
  static constexpr base::Duration kAnswerLifetime = std::chrono::seconds(30);

  explicit Resolver(EventLoop& loop);
  Resolver(const Resolver&) = delete;
  ~Resolver();

  /// The addresses of `host` (a name or a numeric address) with `port`, in the order to try them
  /// (RFC 6724 section 6). kTimeout at
  /// the deadline, kNameNotFound where there are none, kCancelled where `gone` (may be null) reported that
  /// nobody waits for them any more.
  Task<base::Result<Addresses>> resolve(std::string host, std::uint16_t port, base::MonotonicTime deadline,
                                        Readiness* gone = nullptr);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace archestra::net
