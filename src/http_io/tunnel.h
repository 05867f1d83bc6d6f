// Reaching an upstream, straight or through a tunnel that a forward proxy makes (CONNECT, RFC 9110
// section 9.3.6). The proxy learns the upstream's name and port, and looks the name up; TLS, and whom it
// trusts, is between us and the upstream.
#pragma once

#include "base/buffer_pool.h"
#include "base/clock.h"
#include "base/result.h"
#include "http_io/forward_proxy.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/readiness.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls_sessions.h"

namespace archestra::http_io {

/// What a connection is made with. All of one loop; all outlive the connection.
struct DialTools {
  net::EventLoop& loop;
  net::Resolver& resolver;
  net::TlsSessions& sessions;
  base::BufferPool& buffers;
};

/// On a stream to `proxy`, which is one to the endpoint afterwards, with nothing read of it. kProxy where the
/// proxy refuses (`detail` is its status) or does not speak HTTP, or where something comes out of the tunnel
/// at once; kTimeout, kCancelled. What is given by reference outlives the call.
net::Task<base::Result<void>> ask_for_tunnel(net::Stream& stream, base::BufferPool& buffers,
                                             const net::Endpoint& endpoint, const ForwardProxy& proxy,
                                             base::MonotonicTime deadline, net::Readiness* gone);

/// As net::connect(), where `proxy` is null. Else through it, to an endpoint with TLS: kProxy also where the
/// proxy cannot be connected to. `endpoint` and `proxy` outlive the call.
net::Task<base::Result<net::StreamPtr>> connect(const DialTools& tools, const net::Endpoint& endpoint,
                                                const ForwardProxy* proxy, base::MonotonicTime deadline,
                                                net::Readiness* gone);

}  // namespace archestra::http_io
