#include "proxy/local_reply.h"

#include <array>

#include "base/assert.h"
#include "http/head_writer.h"
#include "http_io/outbox.h"

namespace archestra::proxy {

net::Task<bool> send_local_reply(http_io::InboundConnection& client, const http::RequestHead& request,
                                 LocalReply reply, base::Duration timeout) {
  std::array<char, 1536> text;
  http::HeadWriter head(text);
  head.status_line(reply.status, http::reason_phrase(reply.status));
  // RFC 9110 section 8.6: no Content-Length with 204, and with 304 only what the whole answer would have.
  if (reply.status != 204 && reply.status != 304)
    head.field("Content-Type", reply.content_type).field("Content-Length", reply.body.size());
  head.text(reply.extra_fields);
  // RFC 9111 section 5.2.2.5; WHATWG Fetch, X-Content-Type-Options.
  if (reply.is_private) head.field("Cache-Control", "no-store").field("X-Content-Type-Options", "nosniff");
  if (!reply.error_code.empty()) head.field("x-archestra-error", reply.error_code);
  if (!reply.allow.empty()) head.field("Allow", reply.allow);
  if (reply.retry_after_seconds > 0) head.field("Retry-After", reply.retry_after_seconds);
  if (!reply.keep_alive)
    head.field("Connection", "close");
  else if (request.minor_version == 0)
    head.field("Connection", "keep-alive");
  head.end();
  ARCHESTRA_ASSERT(head.ok(), "a local reply's head fits");
  http_io::Outbox box;
  box.add(head.written());
  if (request.method != "HEAD") box.add(reply.body);
  net::Stream& stream = client.stream();
  const auto sent = co_await http_io::send_all(box, stream, {.stall = timeout}, nullptr);
  co_return sent.has_value();
}

}  // namespace archestra::proxy
