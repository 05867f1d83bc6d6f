// TLS sessions that servers offered to resume, so that the next connection needs no certificate, no
// signature, and in TLS 1.2 one round trip less. One per loop; its thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

struct ssl_session_st;

namespace archestra::net {

class TlsContext;

struct FreeTlsSession {
  void operator()(ssl_session_st* session) const;
};
using TlsSession = std::unique_ptr<ssl_session_st, FreeTlsSession>;

/// Whom a session was made with. It is of use for no other name, since resuming does not check the name
/// again, and under no other context, since that may trust others.
struct TlsPeer {
  const TlsContext* context = nullptr;
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const TlsPeer&) const = default;
};

class TlsSessions {
 public:
  /// As many connections to one server as may be resumed at once. A handshake brings two as a rule.
  static constexpr std::size_t kPerPeerMax = 8;
  static constexpr std::size_t kMax = 128;

  /// The newest one, which is nobody else's from then on (RFC 8446 appendix C.4: a ticket that is used twice
  /// lets an observer link the connections); null where there is none. One whose certificate has expired
  /// since is dropped.
  TlsSession take(const TlsPeer& peer);
  void put(const TlsPeer& peer, TlsSession session);
  std::size_t size() const { return kept_.size(); }

 private:
  struct Kept {
    TlsPeer peer;
    TlsSession session;
  };
  std::deque<Kept> kept_;  // the newest last
};

}  // namespace archestra::net
