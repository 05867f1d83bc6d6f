#include "http/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "http/chars.h"
#include "http/head.h"

namespace archestra::http {
namespace {

using base::ErrorCode;

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

// RFC 3986 lets a reg-name hold sub-delims and percent escapes too. No host name on the internet has
// them, and programs disagree about what they mean.
constexpr CharTable kNameChars = alphanumeric_and("-._~");
constexpr CharTable kAddressChars = [] {
  CharTable table{};
  for (const char c : {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b',
                       'c', 'd', 'e', 'f', 'A', 'B', 'C', 'D', 'E', 'F', ':', '.'})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool consists_of(std::string_view text, const CharTable& table) {
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

/// 1 to 65535; 0 for empty text; nothing for anything else.
std::optional<std::uint16_t> parse_port(std::string_view digits) {
  if (digits.empty()) return 0;
  unsigned port = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > 65535) return std::nullopt;
  }
  if (port == 0) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

struct Authority {
  std::string_view host;  // without brackets
  std::string_view port;  // digits, if it is well-formed
  bool valid_host = false;
};

Authority split_authority(std::string_view text) {
  std::string_view host, rest;
  bool valid = false;
  if (text.starts_with('[')) {
    const std::size_t close = std::min(text.find(']'), text.size());
    host = text.substr(1, close - 1);
    rest = text.substr(close == text.size() ? close : close + 1);
    // What the address means is for whoever connects to it; two colons are the least any has.
    valid = close != text.size() && consists_of(host, kAddressChars) && std::ranges::count(host, ':') >= 2;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    rest = text.substr(colon);
    valid = consists_of(host, kNameChars);
  }
  if (rest.empty()) return {host, "", valid};
  return {host, rest.substr(1), valid && rest[0] == ':'};
}

bool is_url_char(char c) { return c > ' ' && c < 0x7f; }

constexpr std::size_t kEscapeBytes = 3;

// The byte that a text begins with in escaped form.
std::optional<char> escaped_byte(std::string_view text) {
  unsigned char byte = 0;
  if (text.size() < kEscapeBytes || text.front() != '%') return std::nullopt;
  const char* const end = text.data() + kEscapeBytes;
  if (std::from_chars(text.data() + 1, end, byte, 16).ptr != end) return std::nullopt;
  return static_cast<char>(byte);
}

}  // namespace

namespace {

// IPv6 needs them wherever a port may follow (RFC 3986 section 3.2.2).
std::string in_brackets(std::string_view host) {
  return host.contains(':') ? fmt::format("[{}]", host) : std::string(host);
}

}  // namespace

std::string host_and_port(std::string_view host, std::uint16_t port) {
  return fmt::format("{}:{}", in_brackets(host), port);
}

std::string Url::authority() const {
  if (port == (is_https ? kHttpsPort : kHttpPort)) return in_brackets(host);
  return host_and_port(host, port);
}

base::Result<Url> parse_url(std::string_view text) {
  if (!std::ranges::all_of(text, is_url_char))
    return base::fail(ErrorCode::kInvalid, "a URL has no white space, control or non-ASCII characters");
  Url url;
  url.is_https = equals_ignoring_case(text.substr(0, kHttps.size()), kHttps);
  const bool is_http = equals_ignoring_case(text.substr(0, kHttp.size()), kHttp);
  if (!url.is_https && !is_http)
    return base::fail(ErrorCode::kInvalid, "a URL begins with http:// or https://");
  if (text.find('#') != std::string_view::npos)
    return base::fail(ErrorCode::kInvalid, "a URL here has no fragment");
  text.remove_prefix(url.is_https ? kHttps.size() : kHttp.size());

  const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, authority_end);
  if (authority.find('@') != std::string_view::npos)
    return base::fail(ErrorCode::kInvalid, "a URL here has no user name or password");
  const Authority parts = split_authority(authority);
  if (parts.host.empty()) return base::fail(ErrorCode::kInvalid, "the URL has no host");
  if (!parts.valid_host) return base::fail(ErrorCode::kInvalid, "the URL's host is not a name or an address");
  const auto port = parse_port(parts.port);
  if (!port) return base::fail(ErrorCode::kInvalid, "the URL's port is not a number from 1 to 65535");

  const std::string_view rest = text.substr(authority_end);
  const std::size_t mark = std::min(rest.find('?'), rest.size());
  url.host = base::lower_case(parts.host);
  url.port = *port != 0 ? *port : url.is_https ? kHttpsPort : kHttpPort;
  url.path = rest.substr(0, mark);
  url.query = mark == rest.size() ? std::string_view() : rest.substr(mark + 1);
  return url;
}

base::Result<HostPort> parse_host(std::string_view value) {
  const Authority parts = split_authority(value);
  const auto port = parse_port(parts.port);
  if (!parts.valid_host || !port) return base::fail(ErrorCode::kMalformed, "invalid Host", 400);
  return HostPort{parts.host, *port};
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto byte = escaped_byte(text);
    if (!byte && text.front() == '%') return std::nullopt;
    out += byte.value_or(text.front());
    text.remove_prefix(byte ? kEscapeBytes : 1);
  }
  return out;
}

std::string_view without_escapes(std::string_view text, std::string& scratch) {
  if (!text.contains('%')) return text;
  scratch.clear();
  while (!text.empty()) {
    const auto byte = escaped_byte(text);
    scratch += byte.value_or(text.front());
    text.remove_prefix(byte ? kEscapeBytes : 1);
  }
  return scratch;
}

}  // namespace archestra::http
