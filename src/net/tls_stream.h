// TLS to upstreams (OpenSSL, which stays in the .cc): certificate and name verified, SNI, TLS 1.2 and up.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tcp_stream.h"

namespace archestra::net {

/// What all TLS connections to upstreams share. Made by the control thread, immutable, any thread.
class TlsContext {
 public:
  /// Trusts the system's certificate store, or the PEM file where one is named.
  static base::Result<std::unique_ptr<TlsContext>> make(const std::string& ca_file);
  TlsContext(const TlsContext&) = delete;
  ~TlsContext();

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

/// Shakes hands over `tcp` as a client of `host` and gives the stream, or kTls with a text that names what
/// failed, kTimeout. `gone` ends the wait with kCancelled (null: nothing does).
Task<base::Result<StreamPtr>> tls_connect(const TlsContext& context, std::unique_ptr<TcpStream> tcp,
                                          std::string host, base::MonotonicTime deadline, Readiness* gone);

}  // namespace archestra::net
