#include "simulator/openai_dialect.h"

#include <array>
#include <chrono>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "simulator/openai_chat.h"

namespace archestra::simulator {
namespace {

constexpr std::array<std::string_view, 4> kModels{"gpt-4o", "gpt-4o-mini", "gpt-5", "o4-mini"};
constexpr std::int64_t kModelCreated = 1715367049;

// What OpenAI says by default with a status.
struct ErrorText {
  int status;
  std::string_view message;
  std::string_view type;
  std::string_view code;  ///< goes with this message; "" for null
};
constexpr ErrorText kErrors[] = {
    {400, "The request is not valid.", "invalid_request_error", ""},
    {401,
     "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
     "invalid_request_error", "invalid_api_key"},
    {403, "Your organization must be verified to use this model.", "invalid_request_error", ""},
    {404, "The model does not exist or you do not have access to it.", "invalid_request_error",
     "model_not_found"},
    {429, "Rate limit reached for requests. Please try again in 1s.", "requests", "rate_limit_exceeded"},
    {503, "The engine is currently overloaded, please try again later.", "server_error", ""},
};
constexpr ErrorText kClientError{0, "The request was refused.", "invalid_request_error", ""};
constexpr ErrorText kServerError{
    0, "The server had an error while processing your request. Sorry about that!", "server_error", ""};

const ErrorText& error_text(int status) {
  for (const ErrorText& text : kErrors)
    if (text.status == status) return text;
  return status < 500 ? kClientError : kServerError;
}

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
  base::append_json_string(body, text.type);
  body.append(R"(,"param":)");
  append_json_or_null(body, param);
  body.append(R"(,"code":)");
  append_json_or_null(body, message.empty() ? text.code : "");
  return body.append("}}\n");
}

std::string common_fields(const DialectRequest& request) {
  const auto latency =
      std::chrono::duration_cast<std::chrono::milliseconds>(request.behaviour.latency).count();
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
                 latency + 1, request.random.next(), request.random.next(),
                 2'000'000 - std::min<std::size_t>(request.body.size() / 4, 2'000'000));
  return fields;
}

Reply refuse(const DialectRequest& request, int status, std::string_view message, std::string_view param) {
  Reply reply{.status = status, .fields = common_fields(request), .body = {}, .stream = {}};
  reply.body = error_body(error_text(status), message, param);
  if (status == 429 || status == 503) reply.fields.append("retry-after: 1\r\n");
  return reply;
}

std::string model_object(std::string_view id) {
  std::string out = R"({"id":)";
  base::append_json_string(out, id);
  return out.append(fmt::format(R"(,"object":"model","created":{},"owned_by":"system"}})", kModelCreated));
}

std::string model_list() {
  std::string out = R"({"object":"list","data":[)";
  for (const std::string_view id : kModels) {
    if (id != kModels.front()) out.append(",");
    out.append(model_object(id));
  }
  return out.append("]}\n");
}

// The id in ".../models/{id}".
std::optional<std::string_view> model_id(std::string_view path) {
  constexpr std::string_view kParent = "/models/";
  const std::size_t at = path.find(kParent);
  if (at == std::string_view::npos || at + kParent.size() == path.size()) return std::nullopt;
  return path.substr(at + kParent.size());
}

std::string located(const char* text, const DialectRequest& request) {
  return fmt::format("{} ({} {})", text, request.method, request.path);
}

}  // namespace

Reply OpenAiDialect::error(int status, std::string_view message, const DialectRequest& request) {
  return refuse(request, status, message, {});
}

Reply OpenAiDialect::answer(const DialectRequest& request) {
  if (request.path.ends_with("/chat/completions")) {
    if (request.method == "POST") return chat_completions(request);
    return error(405, located("Method not allowed", request), request);
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const auto model = model_id(request.path);
  if (reads && (model || request.path.ends_with("/models"))) {
    Reply reply{.fields = common_fields(request), .body = {}, .stream = {}};
    reply.body = model ? model_object(*model) : model_list();
    return reply;
  }
  return error(404, located("Invalid URL", request), request);
}

Reply OpenAiDialect::chat_completions(const DialectRequest& request) {
  const auto chat = parser_.parse(request.body);
  if (!chat) return refuse(request, 400, chat.error().message, chat.error().param);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(base::wall_now().time_since_epoch());
  ChatAnswer answer = make_chat_answer(*chat, request, now.count());
  Reply reply{.fields = common_fields(request), .body = {}, .stream = {}};
  if (chat->stream) {
    reply.content_type = "text/event-stream; charset=utf-8";
    reply.fields.append("cache-control: no-cache\r\n");
    reply.stream = chat_stream(std::move(answer), request.prose);
  } else {
    reply.body = chat_json(answer, request.prose, request.behaviour.body_bytes);
  }
  return reply;
}

}  // namespace archestra::simulator
