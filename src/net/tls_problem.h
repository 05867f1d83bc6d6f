// Why TLS failed, in words for the person who has to mend it. OpenSSL's own word stands in brackets, for
// those who look it up.
#pragma once

#include <string>

struct asn1_string_st;
struct ssl_st;
struct x509_store_ctx_st;

namespace archestra::net {

/// What ended the handshake of `ssl`: the verdict about the certificate, or else the newest entry in the
/// thread's queue of errors. Static storage; null where OpenSSL says nothing.
const char* tls_handshake_problem(const ssl_st* ssl);

/// OpenSSL's callback for each certificate of a chain: the one that is refused is described in the log, once
/// a second at most, since an Error has no room for names and dates.
int tls_on_certificate(int ok, x509_store_ctx_st* chain);

/// "2026-01-31 12:00:00Z"
std::string tls_time_text(const asn1_string_st* time);

/// What the newest entry in the thread's queue of errors means. Static storage; null where it is empty.
const char* tls_queued_problem();

}  // namespace archestra::net
