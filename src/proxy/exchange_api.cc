// The way of a request to the platform API: read whole, answered by the api thread, sent from here
// (docs/decisions/0004-how-an-api-request-reaches-the-api-thread.md).
#include <utility>

#include "http_io/service.h"
#include "proxy/exchange.h"

namespace archestra::proxy {
namespace {

using call::Outcome;
using http::HeaderId;

// The largest thing one can say to the API today is an agent with all its labels: about 60 KB.
constexpr std::size_t kApiBodyBytesMax = std::size_t{1} << 20;
// Nothing the api thread does takes this long, unless its disk hangs.
constexpr base::Duration kAnswerTimeout = std::chrono::seconds(30);

}  // namespace

net::Task<void> Exchange::serve_api() {
  const http::RequestHead& head = heads_.request;
  route_template_ = shard_.api.route_of(head.path());
  http_io::BodyLimits limits = settings_.body;
  limits.body_bytes_max = kApiBodyBytesMax;
  if (!co_await read_body(limits)) co_return;

  const auto slot = std::make_shared<http_io::AnswerSlot>(shard_.loop);
  http_io::ServiceRequest request{
      .method = std::string(head.method),
      .target = std::string(head.target),
      .content_type = std::string(head.fields.value_of(HeaderId::kContentType)),
      .authorization = base::Secret(std::string(head.fields.value_of(HeaderId::kAuthorization))),
      .body = std::string(body_.content)};
  if (!shard_.api.try_submit(std::move(request), slot)) {
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
  co_await reply({.status = answer->status, .body = answer->body, .extra_fields = answer->extra_fields});
}

}  // namespace archestra::proxy
