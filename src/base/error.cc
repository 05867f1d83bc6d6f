#include "base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace archestra::base {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kClosed:
      return "closed";
    case ErrorCode::kReset:
      return "reset";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kRefused:
      return "connection_refused";
    case ErrorCode::kUnreachable:
      return "unreachable";
    case ErrorCode::kNameNotFound:
      return "name_not_found";
    case ErrorCode::kTls:
      return "tls_failure";
    case ErrorCode::kProxy:
      return "proxy_failed";
    case ErrorCode::kMalformed:
      return "malformed";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kOverload:
      return "overload";
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kSystem:
      return "system";
  }
  return "unknown";
}

std::string Error::text() const {
  if (code == ErrorCode::kProxy && detail != 0)
    return fmt::format("{}: {} (status {})", name_of(code), what, detail);
  const bool is_errno = code != ErrorCode::kMalformed && code != ErrorCode::kTooLarge && detail != 0;
  const char* const described =
      is_errno ? strerrordesc_np(detail) : nullptr;  // glibc's that is safe in threads
  if (described != nullptr) return fmt::format("{}: {} ({})", name_of(code), what, described);
  return fmt::format("{}: {}", name_of(code), what);
}

Error error_from_errno(int err, const char* what) {
  switch (err) {
    case ECONNREFUSED:
      return {ErrorCode::kRefused, what, err};
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
    case ETIMEDOUT:
      return {ErrorCode::kReset, what, err};  // the kernel gave the peer up: no deadline of ours
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
      return {ErrorCode::kUnreachable, what, err};
    default:
      return {ErrorCode::kSystem, what, err};
  }
}

}  // namespace archestra::base
