// What a loop counts of itself and of what lives on it. Its thread writes, any other may read.
#pragma once

#include "base/delay_histogram.h"
#include "base/stats.h"

namespace archestra::net {

/// TLS handshakes by how they ended; those that nobody waited for any more are not among them.
struct HandshakeStats {
  base::Counter full;     ///< with a certificate
  base::Counter resumed;  ///< with a session of an earlier one
  base::Counter failed;
};

struct LoopStats {
  // Open descriptors.
  base::Gauge accepted;          ///< sockets that came in through a listening one
  base::Gauge connected;         ///< sockets that were dialled, from before the connection is there
  base::Gauge listening;         ///< listening sockets that are waited for
  base::Gauge resolver_sockets;  ///< those on which name servers are asked

  base::Counter accept_pauses;  ///< how often the system had nothing left for a connection

  // Operations under way.
  base::Gauge lookups;  ///< names that are asked for, however many wait for the answer
  base::Gauge dials;    ///< from the look-up of the name to the end of the TLS handshake

  HandshakeStats tls_accepted;   ///< on sockets that came in
  HandshakeStats tls_connected;  ///< on sockets that were dialled

  base::DelayHistogram lag;  ///< how late timers were; see LagSampler
};

}  // namespace archestra::net
