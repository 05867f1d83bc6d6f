// The closed set of ways in which something outside our control can fail.
// What each one means to a client (HTTP status, outcome, log level) is in call/error_meaning.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace archestra::base {

enum class ErrorCode : std::uint8_t {
  kClosed,        ///< the peer ended the connection in good order (FIN)
  kReset,         ///< the peer broke the connection, or is lost (RST, EPIPE, ETIMEDOUT, a lost TLS session)
  kTimeout,       ///< one of our own deadlines passed
  kCancelled,     ///< we ended it ourselves: shutdown, or nobody waits for it any more
  kRefused,       ///< connection refused
  kUnreachable,   ///< no route, or another failure to connect
  kNameNotFound,  ///< the resolver has no address for the name
  kTls,           ///< handshake or certificate failure
  kProxy,         ///< the forward proxy on the way gave no connection; `detail` is its HTTP status, or 0
  kMalformed,     ///< bytes that break the protocol; `detail` is the HTTP status to answer with
  kTooLarge,      ///< a limit on size was passed; `detail` is the HTTP status to answer with
  kOverload,      ///< a limit on how much we hold at once was passed
  kInvalid,       ///< a value that a person or a client gave is not acceptable
  kSystem,        ///< the operating system said no; `detail` is errno
};

/// The code's name in snake_case, as it appears in logs.
std::string_view name_of(ErrorCode code);

/// A failure as a value. `what` has static storage: errors on the data plane never allocate.
struct Error {
  ErrorCode code;
  const char* what = "";
  int detail = 0;  ///< errno, or an HTTP status, or 0; see ErrorCode

  /// "code: what (strerror, or the status of a proxy)". For logs and start-up messages; allocates.
  std::string text() const;
};

/// The error for an errno of connect, read or write.
Error error_from_errno(int err, const char* what);

}  // namespace archestra::base
