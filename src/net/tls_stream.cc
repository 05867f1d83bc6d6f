#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "net/socket_address.h"

namespace archestra::net {

struct TlsContext::Impl {
  SSL_CTX* context = nullptr;
  ~Impl() { SSL_CTX_free(context); }
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

base::Result<std::unique_ptr<TlsContext>> TlsContext::make(const std::string& ca_file) {
  auto impl = std::make_unique<Impl>();
  impl->context = SSL_CTX_new(TLS_client_method());
  if (impl->context == nullptr)
    return base::fail(base::ErrorCode::kTls, "OpenSSL has no memory for a context");
  SSL_CTX* const context = impl->context;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  // One system call reads a record's header and body.
  SSL_CTX_set_read_ahead(context, 1);
  static constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context, kHttp11.data(), kHttp11.size());
  const int trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                      : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
  if (trusted != 1) {
    ERR_clear_error();
    return base::fail(base::ErrorCode::kTls, "the file of trusted certificates cannot be read");
  }
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

namespace {

// TLS records hold up to 16 KiB; small pieces are joined so that a head and its body share one.
constexpr std::size_t kRecordBytes = 16 * 1024;

class TlsStream final : public SocketStream {
 public:
  /// Takes over the socket; `ssl` is owned from here on.
  TlsStream(EventLoop& event_loop, int fd, SSL* ssl)
      : SocketStream(event_loop, fd, SocketRole::kConnected), ssl_(ssl) {
    SSL_set_fd(ssl_, fd);
    readiness.readable = readiness.writable = true;
  }
  ~TlsStream() override {
    SSL_free(ssl_);
    ERR_clear_error();
  }
  using SocketStream::watch;

  IoStatus try_handshake() {
    ERR_clear_error();
    const int result = SSL_connect(ssl_);
    if (result == 1) return IoStatus::kDone;
    const int why = SSL_get_error(ssl_, result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return IoStatus::kFailed;
    readiness.readable = false;
    return IoStatus::kBlocked;
  }

  /// What made the handshake fail, with static storage.
  const char* handshake_problem() const {
    const long verdict = SSL_get_verify_result(ssl_);
    if (verdict != X509_V_OK) return X509_verify_cert_error_string(verdict);
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason != nullptr ? reason : "the peer ended the TLS handshake";
  }

  IoResult try_read(char* to, std::size_t size) override {
    std::size_t bytes = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_, to, size, &bytes) == 1) return {.status = IoStatus::kDone, .bytes = bytes};
    return after_failure(0, readiness.readable);
  }

  IoResult try_write(std::span<const iovec> pieces) override {
    std::size_t total = 0;
    std::array<char, kRecordBytes> joined;
    std::size_t i = 0;
    while (i < pieces.size()) {
      // A long piece goes as it is; short ones are joined up to a record.
      std::size_t used = 0;
      const char* from = static_cast<const char*>(pieces[i].iov_base);
      std::size_t bytes = pieces[i].iov_len;
      std::size_t taken = 1;
      if (bytes < kRecordBytes) {
        taken = 0;
        while (i + taken < pieces.size() && used + pieces[i + taken].iov_len <= kRecordBytes) {
          const iovec& piece = pieces[i + taken];
          if (piece.iov_len > 0) std::memcpy(joined.data() + used, piece.iov_base, piece.iov_len);
          used += piece.iov_len;
          ++taken;
        }
        from = joined.data();
        bytes = used;
      }
      const IoResult written = write_all_of(from, bytes);
      total += written.bytes;
      if (written.status != IoStatus::kDone || written.bytes < bytes) {
        if (total > 0 && written.status != IoStatus::kFailed)
          return {.status = IoStatus::kDone, .bytes = total};
        return written;
      }
      i += taken;
    }
    return {.status = IoStatus::kDone, .bytes = total};
  }

  void shut_down_write() override {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ::shutdown(fd(), SHUT_WR);
  }

 private:
  void on_events(std::uint32_t events) override {
    SocketStream::on_events(events);
    // A handshake message in the stream may make either operation wait for the other direction.
    readiness.set_readable();
    readiness.set_writable();
  }

  IoResult write_all_of(const char* from, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      std::size_t bytes = 0;
      ERR_clear_error();
      if (SSL_write_ex(ssl_, from + done, size - done, &bytes) == 1) {
        done += bytes;
        continue;
      }
      IoResult failure = after_failure(1, readiness.writable);
      if (failure.status == IoStatus::kBlocked && done > 0) return {.status = IoStatus::kDone, .bytes = done};
      failure.bytes = done;
      return failure;
    }
    return {.status = IoStatus::kDone, .bytes = done};
  }

  IoResult after_failure(int is_write, bool& flag) {
    const int saved = errno;
    switch (SSL_get_error(ssl_, 0)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        flag = false;
        return {.status = IoStatus::kBlocked};
      case SSL_ERROR_ZERO_RETURN:
        if (is_write == 0) return {.status = IoStatus::kEnd};
        return {.status = IoStatus::kFailed,
                .error = {base::ErrorCode::kReset, "write after the peer closed TLS"}};
      case SSL_ERROR_SYSCALL:
        if (saved != 0)
          return {.status = IoStatus::kFailed,
                  .error = base::error_from_errno(saved, is_write ? "write" : "read")};
        [[fallthrough]];
      default:
        // Also an end of the connection without close_notify: what was cut off cannot be told.
        return {.status = IoStatus::kFailed, .error = {base::ErrorCode::kReset, "the TLS connection broke"}};
    }
  }

  SSL* const ssl_;
};

// Name, certificate and SNI are checked against `host`; a numeric host by the certificate's IP entries
// and without SNI (RFC 6066 section 3).
bool expect_host(SSL* ssl, const std::string& host) {
  if (SocketAddress::parse(host, 0))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

Task<base::Result<StreamPtr>> tls_connect(const TlsContext& context, std::unique_ptr<TcpStream> tcp,
                                          std::string host, base::MonotonicTime deadline, Readiness* gone) {
  SSL* const ssl = SSL_new(context.impl().context);
  if (ssl == nullptr || !expect_host(ssl, host)) {
    SSL_free(ssl);
    co_return base::fail(base::ErrorCode::kTls, "the host name cannot be verified");
  }
  EventLoop& loop = tcp->loop;
  auto stream = std::make_unique<TlsStream>(loop, TcpStream::release(std::move(tcp)), ssl);
  if (const auto watched = stream->watch(); !watched) co_return base::fail(watched.error());
  while (true) {
    const IoStatus status = stream->try_handshake();
    if (status == IoStatus::kDone) co_return stream;
    if (status == IoStatus::kFailed) {
      const char* const problem = stream->handshake_problem();
      co_return base::fail(base::ErrorCode::kTls, problem);
    }
    const Wake wake =
        co_await Wait(loop, {{&stream->readiness, Interest::kReadable}, {gone, Interest::kGone}}, deadline);
    if (wake == Wake::kTimeout) co_return base::fail(base::ErrorCode::kTimeout, "TLS handshake");
    if (wake != Wake::kFirst) co_return base::fail(base::ErrorCode::kCancelled, "TLS handshake");
  }
}

}  // namespace archestra::net
