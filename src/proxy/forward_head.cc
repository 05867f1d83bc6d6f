#include "proxy/forward_head.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "http_io/service.h"

namespace archestra::proxy {
namespace {

using http::Field;
using http::HeaderId;

constexpr std::size_t kOwnFieldsRoom = 1024;
constexpr int kNoContent = 204;

std::size_t bytes_of(const http::Fields& fields) {
  std::size_t bytes = 0;
  for (const Field& field : fields) bytes += field.name.size() + field.value.size() + 4;
  return bytes;
}

bool is_named_by_connection(const http::Fields& fields, const Field& field) {
  return fields.has(HeaderId::kConnection) && fields.named_by_connection(field.name);
}

// Fields of a request that end here or that we write ourselves.
bool goes_upstream(const UpstreamRequest& request, const Field& field) {
  switch (field.id) {
    case HeaderId::kArchestra:
    case HeaderId::kBaggage:
    case HeaderId::kContentLength:
    case HeaderId::kExpect:
    case HeaderId::kHost:
    case HeaderId::kTraceparent:
      return false;
    case HeaderId::kAcceptEncoding:
      if (request.encoding == Encoding::kIdentity) return false;
      break;
    case HeaderId::kTracestate:
      if (!request.keep_tracestate) return false;
      break;
    default:
      break;
  }
  return !http::is_hop_by_hop(field.id) && !is_named_by_connection(request.head.fields, field);
}

// ETag: of another representation (RFC 9110 section 8.8.1; what was changed is not even weakly the same).
// Content-MD5: RFC 1864. Digest: RFC 3230. The others: RFC 9530.
bool vouches_for_bytes(const Field& field) {
  constexpr std::array<std::string_view, 5> kNames = {"content-digest", "content-md5", "digest", "etag",
                                                      "repr-digest"};
  return field.id == HeaderId::kOther && std::ranges::any_of(kNames, [&](std::string_view name) {
           return http::equals_ignoring_case(field.name, name);
         });
}

bool is_false_for(const ClientResponse& response, const Field& field) {
  if (response.body == ClientBody::kAsItCame || response.framing == ClientFraming::kNone) return false;
  if (field.id == HeaderId::kContentEncoding) return response.body == ClientBody::kDecoded;
  return vouches_for_bytes(field);
}

bool is_session_cookie(std::string_view pair) {
  const std::string_view name = base::trimmed(pair.substr(0, pair.find('=')));
  return name == http_io::kSessionCookie || name == http_io::kHttpsSessionCookie;
}

// The value of a Cookie field without sessions of the platform API, the rest as it came.
std::string without_sessions(std::string_view cookies) {
  std::string kept;
  for (std::size_t begin = 0; begin < cookies.size();) {
    const std::size_t end = std::min(cookies.find(';', begin), cookies.size());
    const std::string_view pair = cookies.substr(begin, end - begin);
    if (!is_session_cookie(pair))
      kept.append(kept.empty() ? "" : ";").append(kept.empty() ? base::trimmed(pair) : pair);
    begin = end + 1;
  }
  return kept;
}

void write_cookies(std::string_view name, std::string_view value, http::HeadWriter& out) {
  if (!value.contains(http_io::kSessionCookie)) {
    out.field(name, value);
  } else if (const std::string kept = without_sessions(value); !kept.empty()) {
    out.field(name, kept);
  }
}

bool sets_session_cookie(const Field& field) {
  return field.id == HeaderId::kOther && http::equals_ignoring_case(field.name, "set-cookie") &&
         is_session_cookie(field.value);
}

void write_milliseconds(http::HeadWriter& out, base::Duration duration) {
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0) / 1000);
  const std::uint64_t fraction = micros % 1000;
  const std::array<char, 4> digits = {'.', static_cast<char>('0' + fraction / 100),
                                      static_cast<char>('0' + fraction / 10 % 10),
                                      static_cast<char>('0' + fraction % 10)};
  out.number(micros / 1000).text({digits.data(), digits.size()});
}

}  // namespace

std::size_t upstream_head_room(const UpstreamRequest& request) {
  return kOwnFieldsRoom + request.head.method.size() + request.target.base_path.size() +
         request.prefix.size() + request.path.size() + request.target.host_field.size() +
         bytes_of(request.head.fields);
}

void write_upstream_head(const UpstreamRequest& request, http::HeadWriter& out) {
  out.text(request.head.method)
      .text(" ")
      .text(request.target.base_path)
      .text(request.prefix)
      .text(request.path)
      .text(" HTTP/1.1\r\n");
  out.field("Host", request.target.host_field);
  for (const Field& field : request.head.fields) {
    if (!goes_upstream(request, field)) continue;
    if (field.id == HeaderId::kCookie)
      write_cookies(field.name, field.value, out);
    else
      out.field(field.name, field.value);
  }
  std::array<char, http::kTraceparentBytes> traceparent;
  http::write_traceparent(request.traceparent, traceparent.data());
  out.field("traceparent", std::string_view(traceparent.data(), traceparent.size()));
  if (request.encoding == Encoding::kIdentity) out.field("Accept-Encoding", "identity");
  if (request.framing.kind == http::BodyKind::kLength) out.field("Content-Length", request.framing.length);
  if (request.framing.kind == http::BodyKind::kChunked) out.field("Transfer-Encoding", "chunked");
  out.end();
}

// Named are those that are not: what browsers run are many types, and what has none they guess at.
bool may_be_a_page(const http::ResponseHead& head) {
  const Field* const field = head.fields.find(HeaderId::kContentType);
  if (field == nullptr || head.fields.count_of(HeaderId::kContentType) > 1) return true;
  for (const std::string_view inert :
       {"application/json", "text/event-stream", "text/plain", "application/octet-stream",
        "application/x-ndjson", "application/jsonl"})
    if (http::is_media_type(field->value, inert)) return false;
  const std::string type = base::lower_case(field->value.substr(0, field->value.find('/') + 1));
  if (type == "audio/" || type == "video/") return false;
  return type != "image/" || base::lower_case(field->value).contains("svg");
}

std::size_t client_head_room(const ClientResponse& response) {
  std::size_t bytes = kOwnFieldsRoom + response.head.reason.size() + bytes_of(response.head.fields);
  for (const ReplacedField& replaced : response.replaced) bytes += replaced.value.size();
  return bytes;
}

void write_client_head(const ClientResponse& response, http::HeadWriter& out) {
  const http::ResponseHead& head = response.head;
  out.status_line(head.status, head.reason);
  for (const Field& field : head.fields) {
    // Without a body a length still tells something (HEAD, 304), but 204 may have none (RFC 9110
    // section 8.6): a client that believes it waits for a body, or takes the next response for one.
    const bool is_ours = field.id == HeaderId::kContentLength &&
                         (response.framing != ClientFraming::kNone || head.status == kNoContent);
    if (is_ours || field.id == HeaderId::kArchestra || http::is_hop_by_hop(field.id) ||
        is_named_by_connection(head.fields, field) || is_false_for(response, field) ||
        sets_session_cookie(field))
      continue;
    const auto replaced = std::ranges::find(response.replaced, &field, &ReplacedField::field);
    out.field(field.name,
              replaced == response.replaced.end() ? field.value : std::string_view(replaced->value));
  }
  if (response.is_sandboxed)
    out.field("Content-Security-Policy", "sandbox").field("X-Content-Type-Options", "nosniff");
  out.text("Server-Timing: gateway;dur=");
  write_milliseconds(out, response.gateway);
  out.text(", upstream;dur=");
  write_milliseconds(out, response.upstream);
  out.text("\r\n");
  if (response.framing == ClientFraming::kLength) out.field("Content-Length", response.length);
  if (response.framing == ClientFraming::kChunked) out.field("Transfer-Encoding", "chunked");
  if (!response.keep_alive)
    out.field("Connection", "close");
  else if (response.client_minor_version == 0)
    out.field("Connection", "keep-alive");
  out.end();
}

}  // namespace archestra::proxy
