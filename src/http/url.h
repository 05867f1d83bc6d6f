// URLs of upstreams and collectors, as configuration gives them, and Host fields as clients send them.
// Names and addresses are checked by their characters only; nothing is looked up, nothing is decoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace archestra::http {

/// "host:port", with brackets around IPv6.
std::string host_and_port(std::string_view host, std::uint16_t port);

/// An absolute http or https URL (RFC 3986), taken apart. Owns its text.
struct Url {
  bool is_https = false;
  std::string host;  ///< without brackets; lower case
  std::uint16_t port = 0;
  std::string path;   ///< "" or begins with '/'; no query, no trailing '/' removed
  std::string query;  ///< without '?'

  /// host[:port] as a Host field wants it: no default port, brackets around IPv6.
  std::string authority() const;
};

/// kInvalid with a text that says what is wrong: no scheme, another scheme, user info (a credential in
/// a URL would be logged), no host, a bad port, white space, a fragment.
base::Result<Url> parse_url(std::string_view text);

/// A Host field value into name and port. kMalformed/400 for an empty name, characters no host name has
/// (stricter than RFC 3986: no percent escapes, no sub-delims), or a port that is not 1 to 65535.
struct HostPort {
  std::string_view host;   ///< without brackets
  std::uint16_t port = 0;  ///< 0 for none
};
base::Result<HostPort> parse_host(std::string_view value);

/// `text` with its percent escapes (RFC 3986 section 2.1) decoded; nothing where one is malformed.
std::optional<std::string> percent_decoded(std::string_view text);
/// The same for comparing paths: every server takes an escaped letter for the letter, and some an escaped '/'
/// for that. Itself where there are no escapes, else in `scratch`; a "%" without two hexadecimal digits
/// behind it stays as it is.
std::string_view without_escapes(std::string_view text, std::string& scratch);

}  // namespace archestra::http
