#include "simulator/openai_reply.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/error_text.h"

namespace archestra::simulator {
namespace {

constexpr ErrorText kErrors[] = {
    {400, "invalid_request_error", "The request is not valid."},
    {401, "invalid_request_error",
     "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
     "invalid_api_key"},
    {403, "invalid_request_error", "Your organization must be verified to use this model."},
    {404, "invalid_request_error", "The model does not exist or you do not have access to it.",
     "model_not_found"},
    {429, "requests", "Rate limit reached for requests. Please try again in 1s.", "rate_limit_exceeded"},
    {503, "server_error", "The engine is currently overloaded, please try again later."},
    {4, "invalid_request_error", "The request was refused."},
    {5, "server_error", "The server had an error while processing your request. Sorry about that!"},
};

void append_json_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out.append("null");
  else
    base::append_json_string(out, text);
}

std::string error_body(const ErrorText& text, std::string_view message, std::string_view param) {
  std::string body = R"({"error":{"message":)";
  base::append_json_string(body, message.empty() ? text.message : message);
  body.append(R"(,"type":)");
  base::append_json_string(body, text.kind);
  body.append(R"(,"param":)");
  append_json_or_null(body, param);
  body.append(R"(,"code":)");
  append_json_or_null(body, message.empty() ? text.code : "");
  return body.append("}}\n");
}

std::string common_fields(const DialectRequest& request) {
  std::string fields;
  fields.reserve(768);  // with room for what comes after
  fmt::format_to(std::back_inserter(fields),
                 "openai-version: 2020-10-01\r\n"
                 "openai-organization: sim-organization\r\n"
                 "openai-processing-ms: {}\r\n"
                 "x-request-id: req_{:016x}{:016x}\r\n"
                 "x-ratelimit-limit-requests: 10000\r\n"
                 "x-ratelimit-limit-tokens: 2000000\r\n"
                 "x-ratelimit-remaining-requests: 9999\r\n"
                 "x-ratelimit-remaining-tokens: {}\r\n"
                 "x-ratelimit-reset-requests: 6ms\r\n"
                 "x-ratelimit-reset-tokens: 1ms\r\n",
                 processing_ms(request), request.random.next(), request.random.next(),
                 2'000'000 - std::min<std::size_t>(request.body.size() / 4, 2'000'000));
  return fields;
}

}  // namespace

Reply openai_reply(const DialectRequest& request) {
  return {.fields = common_fields(request), .body = {}, .stream = {}, .usage = {}};
}

Reply openai_json(const DialectRequest& request, std::string body) {
  Reply reply = openai_reply(request);
  reply.body = std::move(body);
  return reply;
}

Reply openai_events(const DialectRequest& request, std::unique_ptr<BodySource> stream) {
  Reply reply = openai_reply(request);
  reply.content_type = "text/event-stream; charset=utf-8";
  reply.fields.append("cache-control: no-cache\r\n");
  reply.stream = std::move(stream);
  return reply;
}

Reply openai_error(const DialectRequest& request, int status, std::string_view message,
                   std::string_view param) {
  Reply reply = openai_json(request, error_body(error_text(kErrors, status), message, param));
  reply.status = status;
  if (status == 429 || status == 503) reply.fields.append("retry-after: 1\r\n");
  return reply;
}

}  // namespace archestra::simulator
