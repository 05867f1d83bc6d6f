#include "net/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "net/socket_address.h"
#include "net/tls_problem.h"

namespace archestra::net {
namespace {

// TLS records hold up to 16 KiB; small pieces are joined so that a head and its body share one.
constexpr std::size_t kRecordBytes = 16 * 1024;

// SSL_get_error() takes whatever is in the thread's queue of errors for the reason of the last failure. So
// nobody leaves any, and reads and writes need not look first, which costs as much as their own bookkeeping.
struct NoErrorsLeft {
  NoErrorsLeft() = default;
  NoErrorsLeft(const NoErrorsLeft&) = delete;
  ~NoErrorsLeft() { ERR_clear_error(); }
};

// Methods of HTTP begin with one, and the first record of TLS with 22.
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

// What OpenSSL reads from and writes to: the stream's socket.
struct TlsStream::Bio {
  static TlsStream& stream_of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, int size) {
    TlsStream& stream = stream_of(bio);
    BIO_clear_retry_flags(bio);
    // After a hang-up the end is still to be read.
    if (stream.drained_ && !stream.readiness.gone) {
      BIO_set_retry_read(bio);
      return -1;
    }
    ssize_t n = 0;
    do n = ::recv(stream.fd(), to, static_cast<std::size_t>(size), 0);
    while (n < 0 && errno == EINTR);
    stream.drained_ = n < size;
    stream.at_end_ = n == 0;
    if (n < 0) stream.note_socket_error(bio, BIO_FLAGS_READ);
    if (n > 0 && !std::exchange(stream.has_read_, true)) {
      stream.speaks_plainly_ = stream.role_ == SocketRole::kAccepted && is_letter(to[0]);
      if (stream.speaks_plainly_) return -1;  // OpenSSL would answer with an alert
    }
    return static_cast<int>(n);
  }

  static int write(BIO* bio, const char* from, int size) {
    TlsStream& stream = stream_of(bio);
    BIO_clear_retry_flags(bio);
    ssize_t n = 0;
    do n = ::send(stream.fd(), from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n > 0) stream.count_sent(static_cast<std::size_t>(n));
    if (n < 0) stream.note_socket_error(bio, BIO_FLAGS_WRITE);
    return static_cast<int>(n);
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return stream_of(bio).at_end_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  // One for the process, whose end is its end.
  static const BIO_METHOD* method() {
    static const BIO_METHOD* const kMethod = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
      ARCHESTRA_ASSERT(made != nullptr, "there is memory for a table of functions");
      BIO_meth_set_read(made, &Bio::read);
      BIO_meth_set_write(made, &Bio::write);
      BIO_meth_set_ctrl(made, &Bio::control);
      return made;
    }();
    return kMethod;
  }
};

void TlsStream::note_socket_error(BIO* bio, int direction) {
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    BIO_set_flags(bio, direction | BIO_FLAGS_SHOULD_RETRY);
  else
    socket_error_ = errno;
}

TlsStream::TlsStream(EventLoop& event_loop, int fd, SocketRole role, SSL* ssl)
    : SocketStream(event_loop, fd, role), ssl_(ssl), role_(role) {
  BIO* const bio = BIO_new(Bio::method());
  ARCHESTRA_ASSERT(bio != nullptr, "there is memory for a BIO");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
  readiness.readable = readiness.writable = true;
}

TlsStream::~TlsStream() {
  const NoErrorsLeft clean;
  if (established_) SSL_shutdown(ssl_);
  // A session is as good as before, whoever closed the connection first and without a word; OpenSSL would
  // give it up.
  if (!session_is_bad_) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

TlsStream& TlsStream::of(const ssl_st* ssl) { return *static_cast<TlsStream*>(SSL_get_app_data(ssl)); }

void TlsStream::expect(TlsPeer peer, TlsSessions* sessions) {
  peer_ = std::move(peer);
  sessions_ = sessions;
  if (sessions == nullptr) return;
  // OpenSSL holds a reference of its own.
  const NoErrorsLeft clean;
  if (const TlsSession session = sessions->take(peer_)) SSL_set_session(ssl_, session.get());
}

int TlsStream::on_new_session(ssl_st* ssl, ssl_session_st* session) {
  const TlsStream& stream = of(ssl);
  if (stream.sessions_ == nullptr) return 0;
  stream.sessions_->put(stream.peer_, TlsSession(session));
  return 1;  // the reference is ours
}

base::Result<bool> TlsStream::try_handshake() {
  const NoErrorsLeft clean;
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return true;
  const int why = SSL_get_error(ssl_, result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    readiness.readable = false;
    return false;
  }
  session_is_bad_ = true;
  if (speaks_plainly_) {
    readiness.readable = true;
    return base::fail(base::ErrorCode::kTls, "the client speaks HTTP without TLS");
  }
  if (why == SSL_ERROR_SYSCALL && socket_error_ != 0)
    return base::fail(base::ErrorCode::kTls, "the connection broke during the TLS handshake", socket_error_);
  const char* const problem = tls_handshake_problem(ssl_);
  return base::fail(base::ErrorCode::kTls, problem != nullptr ? problem : "the TLS handshake failed");
}

void TlsStream::end_handshake() {
  established_ = true;
  readiness.readable = !drained_ || readiness.gone || SSL_has_pending(ssl_) == 1;
  // In TLS 1.2 a session may be resumed again, and is not offered anew.
  if (sessions_ != nullptr && SSL_session_reused(ssl_) == 1 && SSL_version(ssl_) == TLS1_2_VERSION)
    sessions_->put(peer_, TlsSession(SSL_get1_session(ssl_)));
}

Task<base::Result<void>> TlsStream::shake_hands(base::MonotonicTime deadline, WaitFor other) {
  HandshakeStats& stats =
      role_ == SocketRole::kAccepted ? loop.stats().tls_accepted : loop.stats().tls_connected;
  while (true) {
    const auto done = try_handshake();
    if (!done) {
      stats.failed.add();
      co_return base::fail(done.error());
    }
    if (*done) break;
    const Wake wake = co_await Wait(loop, {{&readiness, Interest::kReadable}, other}, deadline);
    if (wake == Wake::kTimeout) {
      stats.failed.add();
      co_return base::fail(base::ErrorCode::kTimeout, "TLS handshake");
    }
    if (wake != Wake::kFirst) co_return base::fail(base::ErrorCode::kCancelled, "TLS handshake");
  }
  end_handshake();
  (SSL_session_reused(ssl_) == 1 ? stats.resumed : stats.full).add();
  co_return {};
}

void TlsStream::on_events(std::uint32_t events) {
  // It has been out of use for a while, and will be wanted when the other events of this turn are marked.
  __builtin_prefetch(ssl_);
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) drained_ = false;
  SocketStream::on_events(events);
  // A message of TLS's own may make either operation wait for the other direction.
  readiness.set_readable();
  readiness.set_writable();
}

void TlsStream::send_plainly(std::string_view text) {
  // It is the first that is sent, and so there is room for it.
  const ssize_t sent = ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL);
  if (sent > 0) count_sent(static_cast<std::size_t>(sent));
}

IoResult TlsStream::read_plainly(char* to, std::size_t size) {
  const ssize_t n = ::recv(fd(), to, size, 0);
  if (n > 0) return {.status = IoStatus::kDone, .bytes = static_cast<std::size_t>(n)};
  if (n == 0) return {.status = IoStatus::kEnd};
  if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
    return {.status = IoStatus::kFailed, .error = base::error_from_errno(errno, "read")};
  readiness.readable = errno == EINTR;
  return {.status = IoStatus::kBlocked};
}

IoResult TlsStream::try_read(char* to, std::size_t size) {
  if (speaks_plainly_) return read_plainly(to, size);
  if (after_read_) return *after_read_;
  std::size_t total = 0;
  bool is_more = false;
  // Records that have arrived together are given out together.
  do {
    std::size_t bytes = 0;
    if (SSL_read_ex(ssl_, to + total, size - total, &bytes) != 1) {
      const IoResult end = after_failure(Direction::kRead);
      if (total == 0) return end;
      if (end.status == IoStatus::kBlocked) return {.status = IoStatus::kDone, .bytes = total};
      after_read_ = end;
      break;
    }
    total += bytes;
    is_more = SSL_has_pending(ssl_) == 1;
  } while (total < size && is_more);
  readiness.readable = is_more || !drained_ || readiness.gone || after_read_.has_value();
  return {.status = IoStatus::kDone, .bytes = total};
}

IoResult TlsStream::try_write(std::span<const iovec> pieces) {
  std::size_t total = 0;
  std::array<char, kRecordBytes> joined;
  std::size_t i = 0;
  while (i < pieces.size()) {
    // A long piece goes as it is; short ones are joined up to a record.
    std::size_t used = 0;
    const char* from = static_cast<const char*>(pieces[i].iov_base);
    std::size_t bytes = pieces[i].iov_len;
    std::size_t taken = 1;
    if (bytes < kRecordBytes && pieces.size() > 1) {
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

IoResult TlsStream::write_all_of(const char* from, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    std::size_t bytes = 0;
    if (SSL_write_ex(ssl_, from + done, size - done, &bytes) == 1) {
      done += bytes;
      continue;
    }
    IoResult failure = after_failure(Direction::kWrite);
    if (failure.status == IoStatus::kBlocked && done > 0) return {.status = IoStatus::kDone, .bytes = done};
    failure.bytes = done;
    return failure;
  }
  return {.status = IoStatus::kDone, .bytes = done};
}

IoResult TlsStream::after_failure(Direction direction) {
  const NoErrorsLeft clean;
  const bool is_write = direction == Direction::kWrite;
  const int why = SSL_get_error(ssl_, 0);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    (is_write ? readiness.writable : readiness.readable) = false;
    return {.status = IoStatus::kBlocked};
  }
  if (why == SSL_ERROR_ZERO_RETURN) {
    if (!is_write) return {.status = IoStatus::kEnd};
    return {.status = IoStatus::kFailed,
            .error = {base::ErrorCode::kReset, "write after the peer closed TLS"}};
  }
  established_ = false;
  if (why == SSL_ERROR_SYSCALL && socket_error_ != 0)
    return {.status = IoStatus::kFailed,
            .error = base::error_from_errno(socket_error_, is_write ? "write" : "read")};
  // An end of the connection without close_notify is here too: what was cut off cannot be told.
  if (!at_end_) session_is_bad_ = true;
  const char* const problem = tls_queued_problem();
  return {.status = IoStatus::kFailed,
          .error = {at_end_ && !is_write ? base::ErrorCode::kClosed : base::ErrorCode::kReset,
                    problem != nullptr ? problem : "the TLS connection broke"}};
}

void TlsStream::shut_down_write() {
  const NoErrorsLeft clean;
  if (std::exchange(established_, false)) SSL_shutdown(ssl_);
  ::shutdown(fd(), SHUT_WR);
}

void TlsStream::abort() {
  established_ = false;  // a close_notify would vouch for what was sent
  SocketStream::abort();
}

namespace {

// Name, certificate and SNI are checked against `host`; a numeric host by the certificate's IP entries
// and without SNI (RFC 6066 section 3).
bool expect_host(SSL* ssl, const std::string& host) {
  if (SocketAddress::parse(host, 0))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

Task<base::Result<StreamPtr>> tls_connect(TlsPeer peer, TlsSessions* sessions, std::unique_ptr<TcpStream> tcp,
                                          base::MonotonicTime deadline, Readiness* gone) {
  SSL* const ssl = SSL_new(peer.context->get());
  if (ssl == nullptr || !expect_host(ssl, peer.host)) {
    const NoErrorsLeft clean;
    SSL_free(ssl);
    co_return base::fail(base::ErrorCode::kTls, "the host name cannot be verified");
  }
  SSL_set_connect_state(ssl);
  EventLoop& loop = tcp->loop;
  auto stream =
      std::make_unique<TlsStream>(loop, TcpStream::release(std::move(tcp)), SocketRole::kConnected, ssl);
  stream->expect(std::move(peer), sessions);
  if (const auto watched = stream->watch(); !watched) co_return base::fail(watched.error());
  if (const auto shaken = co_await stream->shake_hands(deadline, {gone, Interest::kGone}); !shaken)
    co_return base::fail(shaken.error());
  co_return stream;
}

base::Result<std::unique_ptr<TlsStream>> tls_accept(const TlsIdentity& identity,
                                                    std::unique_ptr<TcpStream> tcp) {
  SSL* const ssl = identity.new_connection();
  if (ssl == nullptr) {
    const NoErrorsLeft clean;
    return base::fail(base::ErrorCode::kTls, "OpenSSL has no memory for a connection");
  }
  EventLoop& loop = tcp->loop;
  auto stream =
      std::make_unique<TlsStream>(loop, TcpStream::release(std::move(tcp)), SocketRole::kAccepted, ssl);
  if (const auto watched = stream->watch(); !watched) return base::fail(watched.error());
  return stream;
}

}  // namespace archestra::net
