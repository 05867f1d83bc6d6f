#include "simulator/anthropic_reply.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/error_text.h"
#include "simulator/made_id.h"

namespace archestra::simulator {
namespace {

constexpr ErrorText kErrors[] = {
    {400, "invalid_request_error", "The request is not valid."},
    {401, "authentication_error", "invalid x-api-key"},
    {402, "billing_error", "Your credit balance is too low."},
    {403, "permission_error", "Your API key may not use this resource."},
    {404, "not_found_error", "Not Found"},
    {413, "request_too_large", "Request exceeds the maximum size"},
    {429, "rate_limit_error", "This request would exceed your rate limit."},
    {504, "timeout_error", "The request timed out."},
    {529, "overloaded_error", "Overloaded"},
    {4, "invalid_request_error", "The request was refused."},
    {5, "api_error", "Internal server error"},
};

Reply reply_with_id(const DialectRequest& request, std::string_view request_id) {
  Reply reply{.fields = {}, .body = {}, .stream = {}, .usage = {}};
  reply.fields.reserve(512);  // with room for what comes after
  fmt::format_to(std::back_inserter(reply.fields),
                 "request-id: {}\r\n"
                 "anthropic-organization-id: 00000000-0000-4000-8000-000000000000\r\n"
                 "anthropic-ratelimit-requests-limit: 4000\r\n"
                 "anthropic-ratelimit-requests-remaining: 3999\r\n"
                 "anthropic-ratelimit-input-tokens-limit: 2000000\r\n"
                 "anthropic-ratelimit-input-tokens-remaining: 1999000\r\n",
                 request_id);
  if (request.behaviour.latency > base::Duration::zero())
    fmt::format_to(std::back_inserter(reply.fields), "x-envoy-upstream-service-time: {}\r\n",
                   processing_ms(request));
  return reply;
}

std::string new_request_id(const DialectRequest& request) { return made_id(request.random, "req_011C", 20); }

}  // namespace

Reply anthropic_json(const DialectRequest& request, std::string body) {
  Reply reply = reply_with_id(request, new_request_id(request));
  reply.body = std::move(body);
  return reply;
}

Reply anthropic_events(const DialectRequest& request, std::unique_ptr<BodySource> stream) {
  Reply reply = reply_with_id(request, new_request_id(request));
  reply.content_type = "text/event-stream; charset=utf-8";
  reply.fields.append("cache-control: no-cache\r\n");
  reply.stream = std::move(stream);
  return reply;
}

Reply anthropic_error(const DialectRequest& request, int status, std::string_view message) {
  const std::string id = new_request_id(request);
  Reply reply = reply_with_id(request, id);
  reply.status = status;
  const ErrorText& text = error_text(kErrors, status);
  reply.body = fmt::format(R"({{"type":"error","error":{{"type":"{}","message":)", text.kind);
  base::append_json_string(reply.body, message.empty() ? text.message : message);
  reply.body.append(fmt::format("}},\"request_id\":\"{}\"}}\n", id));
  if (status == 429 || status == 503 || status == 529) reply.fields.append("retry-after: 1\r\n");
  return reply;
}

}  // namespace archestra::simulator
