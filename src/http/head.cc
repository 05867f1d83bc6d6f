#include "http/head.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

#include "http/chars.h"

namespace archestra::http {
namespace {

constexpr std::uint64_t kEachByte = 0x0101010101010101;

/// Lower case for eight characters at once; bytes that are no ASCII letters stay as they are.
std::uint64_t lower_case(std::uint64_t word) {
  const std::uint64_t low_bits = word & (kEachByte * 0x7f);
  const std::uint64_t from_a = low_bits + kEachByte * (0x80 - 'A');
  const std::uint64_t above_z = low_bits + kEachByte * (0x7f - 'Z');
  const std::uint64_t is_upper = (from_a ^ above_z) & ~word & (kEachByte * 0x80);
  return word | (is_upper >> 2);
}

template <class Word>
bool same_word(const char* a, const char* b) {
  Word x, y;
  std::memcpy(&x, a, sizeof x);
  std::memcpy(&y, b, sizeof y);
  return lower_case(x) == lower_case(y);
}

/// Inlined everywhere: against a constant, half of the work and the loop fold away.
[[gnu::always_inline]] inline bool same_text(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  const char* x = a.data();
  const char* y = b.data();
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8)
      if (!same_word<std::uint64_t>(x + i, y + i)) return false;
    return same_word<std::uint64_t>(x + size - 8, y + size - 8);  // may overlap what was compared
  }
  if (size >= 4)
    return same_word<std::uint32_t>(x, y) && same_word<std::uint32_t>(x + size - 4, y + size - 4);
  for (std::size_t i = 0; i < size; ++i)
    if (!same_word<unsigned char>(x + i, y + i)) return false;
  return true;
}

char first_lower(std::string_view name) { return static_cast<char>(name[0] | 0x20); }

[[gnu::always_inline]] inline HeaderId id_if(std::string_view name, std::string_view expected, HeaderId id) {
  return same_text(name, expected) ? id : HeaderId::kOther;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) { return same_text(a, b); }

bool is_media_type(std::string_view content_type, std::string_view wanted) {
  return same_text(trimmed(content_type.substr(0, content_type.find(';'))), wanted);
}

HeaderId header_id(std::string_view name) {
  constexpr std::string_view kArchestraPrefix = "x-archestra-";
  if (name.size() >= kArchestraPrefix.size() && first_lower(name) == 'x')
    return id_if(name.substr(0, kArchestraPrefix.size()), kArchestraPrefix, HeaderId::kArchestra);
  switch (name.size()) {
    case 2:
      return id_if(name, "te", HeaderId::kTe);
    case 4:
      return first_lower(name) == 'h' ? id_if(name, "host", HeaderId::kHost)
                                      : id_if(name, "date", HeaderId::kDate);
    case 6:
      return first_lower(name) == 'c' ? id_if(name, "cookie", HeaderId::kCookie)
                                      : id_if(name, "expect", HeaderId::kExpect);
    case 7:
      switch (first_lower(name)) {
        case 'b':
          return id_if(name, "baggage", HeaderId::kBaggage);
        case 't':
          return id_if(name, "trailer", HeaderId::kTrailer);
        default:
          return id_if(name, "upgrade", HeaderId::kUpgrade);
      }
    case 10:
      switch (first_lower(name)) {
        case 'c':
          return id_if(name, "connection", HeaderId::kConnection);
        case 'k':
          return id_if(name, "keep-alive", HeaderId::kKeepAlive);
        case 't':
          return id_if(name, "tracestate", HeaderId::kTracestate);
        default:
          return id_if(name, "user-agent", HeaderId::kUserAgent);
      }
    case 11:
      return first_lower(name) == 't' ? id_if(name, "traceparent", HeaderId::kTraceparent)
                                      : id_if(name, "retry-after", HeaderId::kRetryAfter);
    case 12:
      return id_if(name, "content-type", HeaderId::kContentType);
    case 13:
      return first_lower(name) == 'a' ? id_if(name, "authorization", HeaderId::kAuthorization)
                                      : id_if(name, "server-timing", HeaderId::kServerTiming);
    case 14:
      return id_if(name, "content-length", HeaderId::kContentLength);
    case 15:
      return id_if(name, "accept-encoding", HeaderId::kAcceptEncoding);
    case 16:
      return first_lower(name) == 'c' ? id_if(name, "content-encoding", HeaderId::kContentEncoding)
                                      : id_if(name, "proxy-connection", HeaderId::kProxyConnection);
    case 17:
      return id_if(name, "transfer-encoding", HeaderId::kTransferEncoding);
    case 18:
      return id_if(name, "proxy-authenticate", HeaderId::kProxyAuthenticate);
    case 19:
      return id_if(name, "proxy-authorization", HeaderId::kProxyAuthorization);
    default:
      return HeaderId::kOther;
  }
}

bool is_hop_by_hop(HeaderId id) {
  switch (id) {
    case HeaderId::kConnection:
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyAuthenticate:
    case HeaderId::kProxyAuthorization:
    case HeaderId::kProxyConnection:
    case HeaderId::kTe:
    case HeaderId::kTrailer:
    case HeaderId::kTransferEncoding:
    case HeaderId::kUpgrade:
      return true;
    default:
      return false;
  }
}

const Field* Fields::find(HeaderId id) const {
  if (!has(id)) return nullptr;
  for (const Field& field : all())
    if (field.id == id) return &field;
  return nullptr;
}

std::string_view Fields::value_of(HeaderId id) const {
  const Field* field = find(id);
  return field == nullptr ? std::string_view() : field->value;
}

std::size_t Fields::count_of(HeaderId id) const {
  if (!has(id)) return 0;
  std::size_t count = 0;
  for (const Field& field : all()) count += field.id == id ? 1 : 0;
  return count;
}

bool Fields::named_by_connection(std::string_view name) const {
  if (!has(HeaderId::kConnection)) return false;
  const auto is_other = [name](std::string_view token) { return !equals_ignoring_case(token, name); };
  for (const Field& field : all())
    if (field.id == HeaderId::kConnection && !base::for_each_item(field.value, is_other)) return true;
  return false;
}

std::string_view known_method(std::string_view method) {
  for (const std::string_view known :
       {"POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"})
    if (method == known) return known;
  return "_OTHER";
}

bool is_idempotent(std::string_view method) {
  for (const std::string_view known : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
    if (method == known) return true;
  return false;
}

bool is_persistent(int minor_version, const Fields& fields) {
  if (fields.named_by_connection("close")) return false;
  return minor_version >= 1 || fields.named_by_connection("keep-alive");
}

std::optional<std::chrono::seconds> keep_alive_timeout(const Fields& fields) {
  constexpr std::string_view kName = "timeout=";
  std::optional<std::chrono::seconds> timeout;
  if (!fields.has(HeaderId::kKeepAlive)) return timeout;
  base::for_each_item(fields.value_of(HeaderId::kKeepAlive), [&](std::string_view item) {
    if (item.size() <= kName.size() || !equals_ignoring_case(item.substr(0, kName.size()), kName))
      return true;
    const char* const end = item.data() + item.size();
    std::uint32_t seconds = 0;
    const auto [stop, error] = std::from_chars(item.data() + kName.size(), end, seconds);
    if (error == std::errc() && stop == end) timeout = std::chrono::seconds(seconds);
    return false;
  });
  return timeout;
}

bool asks_for_websocket(const Fields& fields) {
  if (!fields.has(HeaderId::kUpgrade) || !fields.named_by_connection("upgrade")) return false;
  const auto is_other = [](std::string_view protocol) {
    return !equals_ignoring_case(protocol, "websocket");
  };
  return std::ranges::any_of(fields, [&](const Field& field) {
    return field.id == HeaderId::kUpgrade && !base::for_each_item(field.value, is_other);
  });
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

}  // namespace archestra::http
