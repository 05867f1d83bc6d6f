// Dialling an upstream: name look-up, TCP to each address in turn, TLS where wanted.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls_stream.h"

namespace archestra::net {

/// Where to connect. `tls` is null for plain TCP; it outlives the call.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  const TlsContext* tls = nullptr;
};

/// A connected stream, or why not: kNameNotFound, kRefused, kUnreachable, kTimeout, kTls; kCancelled where
/// `gone` (may be null) reported that nobody waits for it any more.
Task<base::Result<StreamPtr>> connect(EventLoop& loop, Resolver& resolver, const Endpoint& endpoint,
                                      base::MonotonicTime deadline, Readiness* gone);

}  // namespace archestra::net
