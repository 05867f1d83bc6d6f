#include "http/head_parser.h"

#include <algorithm>
#include <cstring>

#include "http/chars.h"
#include "http/url.h"

namespace archestra::http {
namespace {

using base::ErrorCode;
using base::Result;

constexpr std::size_t kEmptyLinesMax = 8;

/// What a kind of head is answered with when it is wrong, and whether empty lines may precede it.
struct Dialect {
  int malformed;
  int other_version;
  int start_line_too_long;
  int fields_too_large;
  std::size_t empty_lines_max;
};
constexpr Dialect kRequest{400, 505, 414, 431, kEmptyLinesMax};
constexpr Dialect kResponse{502, 502, 502, 502, 0};

std::unexpected<base::Error> malformed(const Dialect& dialect, const char* what) {
  return base::fail(ErrorCode::kMalformed, what, dialect.malformed);
}

/// Finds the end of the head and checks its lines' ends and lengths. What it answers depends on the
/// bytes alone, not on how they arrived. 0 where the end has not come.
Result<std::size_t> find_head_end(std::string_view bytes, const HeadLimits& limits, const Dialect& dialect,
                                  HeadProgress& progress) {
  const char* const data = bytes.data();
  for (;;) {
    const std::size_t bound = std::min(limits.head_bytes_max, progress.line + limits.line_bytes_max);
    const std::size_t window = std::min(bytes.size(), bound);
    const void* found = window > progress.scanned
                            ? std::memchr(data + progress.scanned, '\n', window - progress.scanned)
                            : nullptr;
    if (found == nullptr) {
      progress.scanned = window;
      if (bytes.size() <= bound) return 0;
      const bool in_start_line = progress.line == progress.start;
      return base::fail(ErrorCode::kTooLarge,
                        in_start_line ? "start line too long" : "header fields too large",
                        in_start_line ? dialect.start_line_too_long : dialect.fields_too_large);
    }
    const auto lf = static_cast<std::size_t>(static_cast<const char*>(found) - data);
    if (lf == progress.line || data[lf - 1] != '\r') return malformed(dialect, "line end without CR");
    const bool is_empty = lf - progress.line == 1;
    const bool before_start_line = progress.line == progress.start;
    progress.scanned = progress.line = lf + 1;
    if (!is_empty) continue;
    if (!before_start_line) return lf + 1;
    if (lf + 1 > 2 * dialect.empty_lines_max)
      return malformed(dialect, "empty lines instead of a start line");
    progress.start = lf + 1;
  }
}

/// Of an absolute-form; empty for any other.
struct Authority {
  std::string_view text;
  std::uint16_t default_port = 0;
};

bool is_same(const Authority& authority, std::string_view host_field) {
  const auto one = parse_host(authority.text);
  const auto other = parse_host(host_field);
  const auto port_of = [&](const HostPort& host) {
    return host.port == 0 ? authority.default_port : host.port;
  };
  return one && other && equals_ignoring_case(one->host, other->host) && port_of(*one) == port_of(*other);
}

/// Parses what follows the start line, the line end before it and the empty line after it included. The
/// head has been found complete, so every search below stops at its last line end. Host must say what
/// `authority` says, if that says anything.
Result<void> parse_fields(std::string_view bytes, const Authority& authority, const Dialect& dialect,
                          Fields& fields) {
  const char* const end = bytes.data() + bytes.size();
  const char* at = bytes.data() + 2;
  fields.clear();
  while (*at != '\r') {
    const char* const name = at;
    at = find_token_end(at, end);
    // Also refuses a name preceded or followed by white space, hence obs-fold.
    if (*at != ':' || at == name) return malformed(dialect, "invalid field name");
    Field field;
    field.name = {name, static_cast<std::size_t>(at - name)};
    ++at;
    while (is_blank(*at)) ++at;
    const char* const value = at;
    at = find_control(at, end);
    if (at[0] != '\r' || at[1] != '\n') return malformed(dialect, "control character in a field value");
    const char* value_end = at;
    while (value_end != value && is_blank(value_end[-1])) --value_end;
    field.value = {value, static_cast<std::size_t>(value_end - value)};
    field.id = header_id(field.name);
    if (field.id == HeaderId::kHost) {
      if (fields.has(HeaderId::kHost)) return malformed(dialect, "more than one Host");
      // RFC 9112 section 3.2.2 would have Host ignored. Clients have to send both alike (section 3.2), and
      // who is asked for one host and reads another is what an attack on a cache or a rule needs.
      if (!authority.text.empty() && !is_same(authority, field.value))
        return malformed(dialect, "Host is not that of the request target");
    }
    if (!fields.try_add(field))
      return base::fail(ErrorCode::kTooLarge, "too many header fields", dialect.fields_too_large);
    at += 2;
  }
  // The empty line's CR is the last but one byte, or it is a bare CR that begins a line.
  if (end - at != 2) return malformed(dialect, "invalid field name");
  if (fields.has(HeaderId::kContentLength) && fields.has(HeaderId::kTransferEncoding))
    return malformed(dialect, "Content-Length with Transfer-Encoding");
  return {};
}

constexpr std::string_view kVersionShape = "HTTP/1.1";

/// Reads the minor version of "HTTP/1.x"; errors for another version and for what is no version.
Result<int> parse_version(std::string_view text, const Dialect& dialect) {
  if (text.size() != kVersionShape.size() || !text.starts_with("HTTP/") || !is_digit(text[5]) ||
      text[6] != '.' || !is_digit(text[7]))
    return malformed(dialect, "invalid HTTP version");
  if (text[5] != '1' || text[7] > '1')
    return base::fail(ErrorCode::kMalformed, "HTTP version not supported", dialect.other_version);
  return text[7] - '0';
}

struct Target {
  std::string_view origin_form;
  Authority authority;
};

/// RFC 9112 section 3.2, with every form but authority-form brought to origin-form.
Result<Target> parse_target(std::string_view method, std::string_view target) {
  const auto is_refused = [](char c) { return c <= ' ' || c >= 0x7f || c == '#'; };
  if (target.empty() || std::ranges::any_of(target, is_refused))
    return malformed(kRequest, "invalid request target");
  if (target[0] == '/') return Target{target, {}};
  if (target == "*" && method == "OPTIONS") return Target{target, {}};

  const std::size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return malformed(kRequest, "invalid request target");
  const std::string_view scheme = target.substr(0, scheme_end);
  const bool is_https = equals_ignoring_case(scheme, "https");
  if (!is_https && !equals_ignoring_case(scheme, "http"))
    return malformed(kRequest, "invalid request target");
  target.remove_prefix(scheme_end + 3);
  const std::size_t path_at = std::min(target.find_first_of("/?"), target.size());
  const std::string_view authority = target.substr(0, path_at);
  if (!parse_host(authority)) return malformed(kRequest, "invalid request target");
  const std::string_view path = target.substr(path_at);
  const Authority named{authority, is_https ? std::uint16_t{443} : std::uint16_t{80}};
  if (path.empty()) return Target{method == "OPTIONS" ? "*" : "/", named};
  // "http://host?query": its origin-form is no part of these bytes, and RFC 9112 section 3.2.2 wants a path.
  if (path[0] != '/') return malformed(kRequest, "invalid request target");
  return Target{path, named};
}

/// `line` is without its line end. The authority of an absolute-form goes to `authority`.
Result<void> parse_request_line(std::string_view line, RequestHead& head, Authority& authority) {
  const std::size_t space = line.find(' ');
  if (space == 0 || space == std::string_view::npos ||
      !std::ranges::all_of(line.substr(0, space), is_token_char))
    return malformed(kRequest, "invalid method");
  const std::size_t last_space = line.rfind(' ');
  if (last_space == space) return malformed(kRequest, "invalid request line");
  const auto version = parse_version(line.substr(last_space + 1), kRequest);
  if (!version) return std::unexpected(version.error());
  head.method = line.substr(0, space);
  head.minor_version = *version;
  // TRACE would send a client's credentials back as content (RFC 9110 section 9.3.8).
  if (head.method == "CONNECT" || head.method == "TRACE")
    return base::fail(ErrorCode::kMalformed, "CONNECT and TRACE are not implemented", 501);
  const auto target = parse_target(head.method, line.substr(space + 1, last_space - space - 1));
  if (!target) return std::unexpected(target.error());
  head.target = target->origin_form;
  authority = target->authority;
  return {};
}

Result<void> parse_status_line(std::string_view line, ResponseHead& head) {
  const auto version = parse_version(line.substr(0, kVersionShape.size()), kResponse);
  if (!version) return std::unexpected(version.error());
  line.remove_prefix(kVersionShape.size());
  const bool has_code = line.size() >= 4 && line[0] == ' ' && line[1] >= '1' && is_digit(line[1]) &&
                        is_digit(line[2]) && is_digit(line[3]);
  // Servers that leave out the reason often leave out the space before it.
  if (!has_code || (line.size() > 4 && line[4] != ' ')) return malformed(kResponse, "invalid status line");
  head.minor_version = *version;
  head.status = (line[1] - '0') * 100 + (line[2] - '0') * 10 + (line[3] - '0');
  head.reason = line.substr(std::min<std::size_t>(line.size(), 5));
  if (std::ranges::any_of(head.reason, is_control))
    return malformed(kResponse, "control character in the reason");
  return {};
}

Result<void> check_host(const RequestHead& head) {
  const Field* host = head.fields.find(HeaderId::kHost);
  if (host == nullptr) {
    if (head.minor_version == 0) return {};
    return malformed(kRequest, "no Host");
  }
  const auto parsed = parse_host(host->value);
  if (!parsed) return std::unexpected(parsed.error());
  return {};
}

/// Cuts a complete head in two before the line end of its start line.
struct HeadParts {
  std::string_view start_line;
  std::string_view fields;
};
HeadParts cut_start_line(std::string_view bytes, const HeadProgress& progress) {
  bytes.remove_prefix(progress.start);
  const std::size_t line_end = bytes.find('\n') - 1;
  return {bytes.substr(0, line_end), bytes.substr(line_end)};
}

}  // namespace

Result<std::size_t> parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                       HeadProgress& progress, RequestHead& head) {
  const auto size = find_head_end(bytes, limits, kRequest, progress);
  if (!size || *size == 0) return size;
  const HeadParts parts = cut_start_line(bytes.substr(0, *size), progress);
  Authority authority;
  if (const auto parsed = parse_request_line(parts.start_line, head, authority); !parsed)
    return std::unexpected(parsed.error());
  const auto fields = parse_fields(parts.fields, authority, kRequest, head.fields);
  if (!fields) return std::unexpected(fields.error());
  if (const auto host = check_host(head); !host) return std::unexpected(host.error());
  return size;
}

Result<std::size_t> parse_response_head(std::string_view bytes, const HeadLimits& limits,
                                        HeadProgress& progress, ResponseHead& head) {
  const auto size = find_head_end(bytes, limits, kResponse, progress);
  if (!size || *size == 0) return size;
  const HeadParts parts = cut_start_line(bytes.substr(0, *size), progress);
  if (const auto parsed = parse_status_line(parts.start_line, head); !parsed)
    return std::unexpected(parsed.error());
  const auto fields = parse_fields(parts.fields, {}, kResponse, head.fields);
  if (!fields) return std::unexpected(fields.error());
  return size;
}

}  // namespace archestra::http
