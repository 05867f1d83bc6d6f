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
// As ALPN has it: a list of names, each with its length.
constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

// With what all have in common.
base::Result<Context> new_context(const SSL_METHOD* method) {
  Context made(SSL_CTX_new(method));
  if (made == nullptr) return base::fail(base::ErrorCode::kTls, "OpenSSL has no memory for a context");
  SSL_CTX* const context = made.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_security_level(context, kSecurityLevel);
  // A handshake in mid-stream is of use to nobody here.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // One system call reads a record's header and body.
  SSL_CTX_set_read_ahead(context, 1);
  return made;
}

// A client that offers protocols and HTTP/1.1 not among them is told so (RFC 7301 section 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_bytes, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, length, kHttp11.data(), kHttp11.size(), offered, offered_bytes) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// A key that wants a password has nobody to ask for it.
int no_password(char*, int, int, void*) { return -1; }

base::Result<Context> server_context(const std::string& cert_file, const std::string& key_file) {
  auto made = new_context(TLS_server_method());
  if (!made) return made;
  SSL_CTX* const context = made->get();
  // Clients resume by tickets, which need no memory here; a store of sessions would.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, &no_password);
  const char* problem = nullptr;
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1)
    problem =
        "the certificate file cannot be used: it has to be readable PEM, with a key of 2048 bits or more";
  else if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    problem =
        "the key file cannot be used: it has to be readable PEM without a password, and the key that of the "
        "certificate";
  else if (SSL_CTX_check_private_key(context) != 1)
    problem = "the key is not that of the certificate";
  ERR_clear_error();
  if (problem != nullptr) return base::fail(base::ErrorCode::kTls, problem);
  return made;
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

base::Result<std::unique_ptr<TlsContext>> TlsContext::make_trusting() {
  auto made = new_context(TLS_client_method());
  if (!made) return base::fail(made.error());
  SSL_CTX_set_verify(made->get(), SSL_VERIFY_NONE, nullptr);
  return std::unique_ptr<TlsContext>(new TlsContext(made->release()));
}

base::Result<std::unique_ptr<TlsContext>> TlsContext::make(const std::string& ca_file) {
  auto made = new_context(TLS_client_method());
  if (!made) return base::fail(made.error());
  SSL_CTX* const context = made->get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &tls_on_certificate);
  // Sessions go to the TlsSessions of the loop that made them; OpenSSL's own store would have a lock.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &TlsStream::on_new_session);
  SSL_CTX_set_alpn_protos(context, kHttp11.data(), kHttp11.size());
  const int trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                      : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
  if (trusted != 1) {
    ERR_clear_error();
    return base::fail(base::ErrorCode::kTls, "the file of trusted certificates cannot be read");
  }
  return std::unique_ptr<TlsContext>(new TlsContext(made->release()));
}

TlsIdentity::~TlsIdentity() { SSL_CTX_free(context_); }

base::Result<std::unique_ptr<TlsIdentity>> TlsIdentity::make(std::string cert_file, std::string key_file) {
  std::unique_ptr<TlsIdentity> made(new TlsIdentity(std::move(cert_file), std::move(key_file)));
  if (const auto loaded = made->reload(); !loaded) return base::fail(loaded.error());
  return made;
}

base::Result<void> TlsIdentity::reload() {
  auto next = server_context(cert_file_, key_file_);
  if (!next) return base::fail(next.error());
  const std::lock_guard lock(mutex_);
  // Those who were accepted hold on to the one before.
  const Context before(std::exchange(context_, next->release()));
  return {};
}

ssl_st* TlsIdentity::new_connection() const {
  const std::lock_guard lock(mutex_);
  SSL* const ssl = SSL_new(context_);
  if (ssl != nullptr) SSL_set_accept_state(ssl);
  return ssl;
}

std::string TlsIdentity::not_after() const {
  const std::lock_guard lock(mutex_);
  const X509* const certificate = SSL_CTX_get0_certificate(context_);
  return certificate != nullptr ? tls_time_text(X509_get0_notAfter(certificate)) : std::string();
}

}  // namespace archestra::net
