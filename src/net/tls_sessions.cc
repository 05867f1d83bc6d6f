#include "net/tls_sessions.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

namespace archestra::net {
namespace {

bool is_of_use(const SSL_SESSION* session) {
  if (SSL_SESSION_is_resumable(session) == 0) return false;
  X509* const certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
  return certificate != nullptr && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

}  // namespace

void FreeTlsSession::operator()(ssl_session_st* session) const { SSL_SESSION_free(session); }

TlsSession TlsSessions::take(const TlsPeer& peer) {
  for (std::size_t i = kept_.size(); i-- > 0;) {
    if (kept_[i].peer != peer) continue;
    TlsSession session = std::move(kept_[i].session);
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
    if (is_of_use(session.get())) return session;
  }
  return nullptr;
}

void TlsSessions::put(const TlsPeer& peer, TlsSession session) {
  const auto is_same = [&](const Kept& kept) { return kept.peer == peer; };
  if (std::ranges::count_if(kept_, is_same) >= static_cast<std::ptrdiff_t>(kPerPeerMax))
    kept_.erase(std::ranges::find_if(kept_, is_same));
  else if (kept_.size() >= kMax)
    kept_.pop_front();
  kept_.push_back({peer, std::move(session)});
}

}  // namespace archestra::net
