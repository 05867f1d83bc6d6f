// The way of a request to the platform API: read whole, answered by the api thread, sent from here
// (docs/decisions/0004-how-an-api-request-reaches-the-api-thread.md).
#include <string>
#include <string_view>

#include "http_io/service.h"
#include "proxy/event_reply.h"
#include "proxy/exchange.h"

namespace archestra::proxy {
namespace {

using call::Outcome;
using http::HeaderId;

// The largest thing one can say to the API today is an agent with all its labels: about 60 KB.
constexpr std::size_t kApiBodyBytesMax = std::size_t{1} << 20;
// Nothing the api thread does takes this long, unless its disk hangs.
constexpr base::Duration kAnswerTimeout = std::chrono::seconds(30);

// All values of a field that few requests have, as one.
std::string values_of(const http::Fields& fields, std::string_view name, std::string_view separator) {
  std::string values;
  for (const http::Field& field : fields)
    if (http::equals_ignoring_case(field.name, name))
      values.append(values.empty() ? "" : separator).append(field.value);
  return values;
}

}  // namespace

http_io::ServiceRequest Exchange::service_request() const {
  const http::RequestHead& head = heads_.request;
  const http::Fields& fields = head.fields;
  return {.method = std::string(head.method),
          .target = std::string(head.target),
          .content_type = std::string(fields.value_of(HeaderId::kContentType)),
          .authorization = base::Secret(std::string(fields.value_of(HeaderId::kAuthorization))),
          .body = std::string(body_.content),
          .cookies = base::Secret(values_of(fields, "cookie", "; ")),
          .csrf_token = base::Secret(values_of(fields, "x-csrf-token", ",")),
          .fetch_site = values_of(fields, "sec-fetch-site", ","),
          .host = std::string(fields.value_of(HeaderId::kHost)),
          .client_address = settings_.trusted_proxies.client_of(client_.peer_ip(), fields)};
}

net::Task<void> Exchange::serve_api() {
  route_template_ = shard_.api.route_of(heads_.request.path());
  http_io::BodyLimits limits = settings_.body;
  limits.body_bytes_max = kApiBodyBytesMax;
  if (!co_await read_body(limits)) co_return;

  const auto slot = std::make_shared<http_io::AnswerSlot>(shard_.loop);
  if (!shard_.api.try_submit(service_request(), slot)) {
    co_return co_await refuse({503, Outcome::kRefusedOverload, "overloaded",
                               "The platform API has too many requests to answer.", 1});
  }
  const auto answer = co_await slot->wait(client_.stream().readiness, shard_.loop.now() + kAnswerTimeout);
  if (!answer && answer.error().code == base::ErrorCode::kTimeout) {
    co_return co_await refuse(
        {504, Outcome::kInternalError, "api_timeout",
         "The platform API did not answer in time. Whether it did what was asked for is "
         "not known."});
  }
  if (!answer) co_return co_await client_left();
  error_type_ = answer->error_type;
  if (answer->events != nullptr) co_return co_await stream_events(*answer);
  co_await reply({.status = answer->status, .body = answer->body, .extra_fields = answer->extra_fields});
}

// Whoever reads it connects again when it ends: so neither a drain nor a connection that is one too many has
// to wait for it. It has no end that a client could be too early for.
net::Task<void> Exchange::stream_events(const http_io::ServiceAnswer& answer) {
  const bool ends_at_once = shard_.draining() || client_.asks_once();
  to_client_ = heads_.request.minor_version >= 1 ? ClientFraming::kChunked : ClientFraming::kUntilClose;
  after_ = AfterExchange::kClose;
  status_ = answer.status;
  answering_ = true;
  const base::MonotonicTime now = shard_.loop.now();
  const EventReplyResult sent =
      co_await send_events(client_.http(), heads_.request,
                           {.events = *answer.events,
                            .first = answer.body,
                            .extra_fields = answer.extra_fields,
                            .until = ends_at_once ? now : now + answer.events->time_max(),
                            .stall = settings_.client_send_timeout,
                            .drain_begins = client_.drain_begins});
  response_body_bytes_ = sent.body_bytes;
  if (sent.end == EventReplyEnd::kBrokenOff) break_off();
}

}  // namespace archestra::proxy
