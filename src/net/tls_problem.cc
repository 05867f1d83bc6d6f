#include "net/tls_problem.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/log_limit.h"
#include "net/tls_stream.h"

namespace archestra::net {
namespace {

constinit base::LogLimit g_refusals;

const char* meaning_of_verdict(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "a certificate of the server has expired (certificate has expired)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "a certificate of the server is not valid yet, or this clock is slow (certificate is not yet "
             "valid)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return "the server's certificate is for another name (hostname mismatch)";
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is for another address (IP address mismatch)";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "the server's certificate is self-signed and not trusted (self-signed certificate)";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "the server's certificate comes from an authority that is not trusted (self-signed certificate "
             "in certificate chain)";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the issuer of a certificate is unknown: an authority that is not trusted, or the server left "
             "out an intermediate certificate (unable to get local issuer certificate)";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
      return "the key of the server's certificate is too weak (EE certificate key too weak)";
    case X509_V_ERR_CA_KEY_TOO_SMALL:
      return "the key of a certificate in the server's chain is too weak (CA certificate key too weak)";
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return "a certificate of the server is signed with a weak digest (CA signature digest algorithm too "
             "weak)";
    case X509_V_ERR_INVALID_PURPOSE:
      return "the server's certificate is not one for servers (unsuitable certificate purpose)";
    default:
      return X509_verify_cert_error_string(verdict);
  }
}

const char* meaning_of_reason(int reason) {
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
      return "what the peer speaks is not TLS (wrong version number)";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
      return "no protocol version in common: TLS 1.2 or 1.3 is wanted (unsupported protocol)";
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
      return "no cipher or parameters in common (handshake failure)";
    case SSL_R_DH_KEY_TOO_SMALL:
      return "the peer's Diffie-Hellman parameters are too weak (dh key too small)";
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
      return "the server does not know this name (unrecognized name)";
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return "the peer does not offer HTTP/1.1 (no application protocol)";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the server wants a certificate of the client (certificate required)";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the peer does not accept the certificate (alert about the certificate)";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return "the peer closed the connection without a close_notify (unexpected eof while reading)";
    default:
      return nullptr;
  }
}

// What `print` writes.
template <class Print>
std::string printed(Print print) {
  BIO* const bio = BIO_new(BIO_s_mem());
  if (bio == nullptr) return {};
  print(bio);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string copy(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  BIO_free(bio);
  return copy;
}

std::string text_of(const X509_NAME* name) {
  return printed(
      [&](BIO* bio) { X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB); });
}

// "DNS:api.example, IP Address:192.0.2.1"
std::string names_of(const X509* certificate) {
  const int index = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
  X509_EXTENSION* const names = X509_get_ext(certificate, index);
  if (names == nullptr) return {};
  return printed([&](BIO* bio) { X509V3_EXT_print(bio, names, 0, 0); });
}

}  // namespace

std::string tls_time_text(const ASN1_TIME* time) {
  return printed([&](BIO* bio) { ASN1_TIME_print_ex(bio, time, ASN1_DTFLGS_ISO8601); });
}

int tls_on_certificate(int ok, X509_STORE_CTX* chain) {
  if (ok == 1) return ok;
  const auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const TlsPeer& peer = TlsStream::of(ssl).peer();
  const X509* const certificate = X509_STORE_CTX_get_current_cert(chain);
  if (certificate == nullptr) return ok;
  const auto left_out = g_refusals.admit();
  if (!left_out) return ok;
  base::log(base::LogLevel::kWarn, "certificate refused",
            {{"host", std::string_view(peer.host)},
             {"port", peer.port},
             {"why", meaning_of_verdict(X509_STORE_CTX_get_error(chain))},
             {"depth", X509_STORE_CTX_get_error_depth(chain)},
             {"subject", std::string_view(text_of(X509_get_subject_name(certificate)))},
             {"issuer", std::string_view(text_of(X509_get_issuer_name(certificate)))},
             {"names", std::string_view(names_of(certificate))},
             {"not_before", std::string_view(tls_time_text(X509_get0_notBefore(certificate)))},
             {"not_after", std::string_view(tls_time_text(X509_get0_notAfter(certificate)))},
             {"lines_left_out", *left_out}});
  return ok;
}

const char* tls_queued_problem() {
  const unsigned long error = ERR_peek_last_error();
  if (error == 0) return nullptr;
  const char* const meaning =
      ERR_GET_LIB(error) == ERR_LIB_SSL ? meaning_of_reason(ERR_GET_REASON(error)) : nullptr;
  return meaning != nullptr ? meaning : ERR_reason_error_string(error);
}

const char* tls_handshake_problem(const ssl_st* ssl) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) return meaning_of_verdict(verdict);
  if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return "the peer closed the connection during the TLS handshake";
  return tls_queued_problem();
}

}  // namespace archestra::net
