// TLS over a socket, as a Stream: by OpenSSL, which stays in the .cc.
//
// OpenSSL reads and writes through a BIO of this stream, so that a short read tells that the socket is
// drained, as it does for TcpStream: one system call for what has arrived, and none to learn that there is no
// more.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tcp_stream.h"
#include "net/tls_context.h"
#include "net/tls_sessions.h"

struct bio_st;
struct ssl_st;

namespace archestra::net {

class TlsStream final : public SocketStream {
 public:
  /// Takes over the socket; `ssl` is owned from here on.
  TlsStream(EventLoop& loop, int fd, SocketRole role, ssl_st* ssl);
  ~TlsStream() override;
  using SocketStream::watch;

  /// kTls with a text that names what failed, kTimeout, or kCancelled where `other` came true (a null source:
  /// never) or the readiness was cancelled. After kCancelled it can be called again, and goes on. Counted in
  /// the loop's stats.
  Task<base::Result<void>> shake_hands(base::MonotonicTime deadline, WaitFor other);

  IoResult try_read(char* to, std::size_t size) override;
  IoResult try_write(std::span<const iovec> pieces) override;
  void shut_down_write() override;
  void abort() override;

  /// Whether the first byte from a client was that of an HTTP request, and no TLS: shake_hands() has failed
  /// then, and the stream reads and ends without TLS.
  bool speaks_plainly() const { return speaks_plainly_; }
  /// Sends a few bytes without TLS, as far as they go at once.
  void send_plainly(std::string_view text);

  /// A client's: who is to be at the other end, and where sessions with it are kept (null: nowhere), which
  /// outlives the stream.
  void expect(TlsPeer peer, TlsSessions* sessions);
  const TlsPeer& peer() const { return peer_; }
  static TlsStream& of(const ssl_st* ssl);
  /// OpenSSL's callback of that context.
  static int on_new_session(ssl_st* ssl, ssl_session_st* session);

 private:
  struct Bio;
  enum class Direction : std::uint8_t { kRead, kWrite };

  void on_events(std::uint32_t events) override;
  void note_socket_error(bio_st* bio, int direction);
  /// Whether they are shaken.
  base::Result<bool> try_handshake();
  void end_handshake();
  IoResult write_all_of(const char* from, std::size_t size);
  IoResult after_failure(Direction direction);
  IoResult read_plainly(char* to, std::size_t size);

  ssl_st* const ssl_;
  const SocketRole role_;
  TlsPeer peer_;
  TlsSessions* sessions_ = nullptr;
  std::optional<IoResult> after_read_;  // what comes after the bytes that were given out last
  int socket_error_ = 0;                // errno of what failed
  bool drained_ = false;                // a read was short, and nothing has happened since
  bool at_end_ = false;                 // of what the socket has to read
  bool established_ = false;            // hands are shaken, and nothing has ended it since
  bool session_is_bad_ = false;
  bool has_read_ = false;
  bool speaks_plainly_ = false;
};

/// Shakes hands over `tcp` as a client of `peer` and gives the stream; errors as of TlsStream::shake_hands. A
/// session in `sessions` is resumed, and those that the server offers are put there (null: none).
Task<base::Result<StreamPtr>> tls_connect(TlsPeer peer, TlsSessions* sessions, std::unique_ptr<TcpStream> tcp,
                                          base::MonotonicTime deadline, Readiness* gone);

/// The server's side of TLS over `tcp`: a stream whose hands are still to be shaken.
base::Result<std::unique_ptr<TlsStream>> tls_accept(const TlsIdentity& identity,
                                                    std::unique_ptr<TcpStream> tcp);

}  // namespace archestra::net
