#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>

#include "net/tls_problem.h"
#include "net/tls_stream.h"

namespace archestra::net {
namespace {

// RSA and DH from 2048 bits, no SHA-1: what Debian's OpenSSL has anyway, whatever the system's file says.
constexpr int kSecurityLevel = 2;

void set_common(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_security_level(context, kSecurityLevel);
  // A handshake in mid-stream is of use to nobody here.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // One system call reads a record's header and body.
  SSL_CTX_set_read_ahead(context, 1);
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

base::Result<std::unique_ptr<TlsContext>> TlsContext::make(const std::string& ca_file) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return base::fail(base::ErrorCode::kTls, "OpenSSL has no memory for a context");
  std::unique_ptr<TlsContext> made(new TlsContext(context));
  set_common(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &tls_on_certificate);
  // Sessions go to the TlsSessions of the loop that made them; OpenSSL's own store would have a lock.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &TlsStream::on_new_session);
  static constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context, kHttp11.data(), kHttp11.size());
  const int trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                      : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
  if (trusted != 1) {
    ERR_clear_error();
    return base::fail(base::ErrorCode::kTls, "the file of trusted certificates cannot be read");
  }
  return made;
}

}  // namespace archestra::net
