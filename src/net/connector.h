// Dialling an upstream: name look-up, TCP to its addresses as in RFC 8305 ("Happy Eyeballs"), TLS where
// wanted. The families take turns; the next address is tried when one has failed, or has not answered for
// a moment, and the first connection wins. So an address that swallows everything costs that moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tcp_stream.h"
#include "net/tls_context.h"
#include "net/tls_sessions.h"

namespace archestra::net {

/// Where to connect. `tls` is null for plain TCP; it outlives the call.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  const TlsContext* tls = nullptr;
};

/// RFC 8305 section 5, "Connection Attempt Delay".
inline constexpr base::Duration kAttemptDelay = std::chrono::milliseconds(250);
/// More addresses of a name are not tried.
inline constexpr std::size_t kAttemptsMax = 16;

/// A connected stream, or why not: kNameNotFound, kRefused, kUnreachable, kTimeout, kTls; kCancelled where
/// `gone` (may be null) reported that nobody waits for it any more. Where some addresses failed otherwise
/// than others, a refusal is told. TLS resumes a session of `sessions`, which outlives the stream and keeps
/// those that the server offers (null: every handshake is a full one).
Task<base::Result<StreamPtr>> connect(EventLoop& loop, Resolver& resolver, TlsSessions* sessions,
                                      const Endpoint& endpoint, base::MonotonicTime deadline,
                                      Readiness* gone);

/// TCP alone, for whoever puts something else over it before TLS. Errors as of connect(). Not counted as a
/// dial: that is for the caller, since it goes on. `host` outlives the call.
Task<base::Result<std::unique_ptr<TcpStream>>> connect_tcp(EventLoop& loop, Resolver& resolver,
                                                           const std::string& host, std::uint16_t port,
                                                           base::MonotonicTime deadline, Readiness* gone);

/// The addresses in the order to try them: as they come, but the families by turns (RFC 8305 section 4), and
/// no more than kAttemptsMax.
Addresses order_of_attempts(const Addresses& addresses);

}  // namespace archestra::net
