// Answers that the gateway gives itself: health, readiness, errors, the platform API, the web UI. With
// Content-Length.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "http/head.h"
#include "http_io/inbound_connection.h"
#include "net/task.h"

namespace archestra::proxy {

struct LocalReply {
  int status = 200;
  std::string_view body;  ///< none with status 204 and 304
  std::string_view content_type = "application/json";
  std::string_view error_code = {};    ///< value of x-archestra-error; "" for none
  unsigned retry_after_seconds = 0;    ///< 0: no Retry-After
  std::string_view allow = {};         ///< value of Allow, for 405 (RFC 9110 section 15.5.6)
  std::string_view extra_fields = {};  ///< whole field lines with CRLF, 1024 bytes at most
  bool is_private = false;             ///< neither stored anywhere nor taken for anything but JSON
  bool keep_alive = true;
};

/// Sends it; false where the client was gone. No body where the request was a HEAD.
net::Task<bool> send_local_reply(http_io::InboundConnection& client, const http::RequestHead& request,
                                 LocalReply reply, base::Duration timeout);

}  // namespace archestra::proxy
