// What TLS connections share: whom to trust, and what is spoken (TLS 1.2 and up, HTTP/1.1). OpenSSL stays in
// the .cc files.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace archestra::net {

/// Of all TLS connections to upstreams. Made by the control thread, immutable, any thread.
class TlsContext {
 public:
  /// Trusts the system's certificate store, or the PEM file where one is named.
  static base::Result<std::unique_ptr<TlsContext>> make(const std::string& ca_file);
  TlsContext(const TlsContext&) = delete;
  ~TlsContext();

  ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

}  // namespace archestra::net
