// What TLS connections share: whom to trust, and what is spoken (TLS 1.2 and up, HTTP/1.1). OpenSSL stays in
// the .cc files.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace archestra::net {

/// Of all TLS connections to upstreams. Made by the control thread, immutable, any thread.
class TlsContext {
 public:
  /// Trusts the system's certificate store, or the PEM file where one is named.
  static base::Result<std::unique_ptr<TlsContext>> make(const std::string& ca_file);
  /// Trusts anybody: for who asks a port of this machine whether it answers, and tells it nothing.
  static base::Result<std::unique_ptr<TlsContext>> make_trusting();
  TlsContext(const TlsContext&) = delete;
  ~TlsContext();

  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

/// Who we are on a port: certificate chain and key, from PEM files that can be read again while connections
/// come in.
class TlsIdentity {
 public:
  /// kTls with a text that names the file and what is wrong with it.
  static base::Result<std::unique_ptr<TlsIdentity>> make(std::string cert_file, std::string key_file);
  TlsIdentity(const TlsIdentity&) = delete;
  ~TlsIdentity();

  /// Control thread. Connections that are accepted from now on get what the files have now, those that are
  /// there go on as they are. Where the files are of no use nothing changes, and the error says why.
  base::Result<void> reload();
  /// Any thread: the server's side of a new connection; null where there is no memory.
  ssl_st* new_connection() const;
  /// Until when the certificate is valid, for a log line.
  std::string not_after() const;

 private:
  TlsIdentity(std::string cert_file, std::string key_file)
      : cert_file_(std::move(cert_file)), key_file_(std::move(key_file)) {}

  const std::string cert_file_;
  const std::string key_file_;
  mutable std::mutex mutex_;       // guards context_: held for a moment for each handshake
  ssl_ctx_st* context_ = nullptr;  // never changed once it is here, but exchanged for another
};

}  // namespace archestra::net
