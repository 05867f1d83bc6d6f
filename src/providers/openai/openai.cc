#include "providers/openai/openai.h"

#include <array>

#include "base/json_text.h"
#include "http/url.h"
#include "providers/openai/chat.h"
#include "providers/openai/chat_tool_calls.h"
#include "providers/openai/content.h"
#include "providers/openai/declared_tools.h"
#include "providers/openai/request.h"
#include "providers/openai/responses.h"
#include "providers/openai/responses_tool_calls.h"
#include "providers/openai/tool_history.h"
#include "providers/pass_through.h"
#include "providers/route_table.h"

namespace archestra::providers {
namespace {

constexpr call::Operation kChat{.name = "chat.completions", .gen_ai_operation = "chat", .observed = true};
constexpr call::Operation kCompletions{
    .name = "completions", .gen_ai_operation = "text_completion", .observed = true};
constexpr call::Operation kEmbeddings{
    .name = "embeddings", .gen_ai_operation = "embeddings", .observed = true};
constexpr call::Operation kResponses{.name = "responses", .gen_ai_operation = "chat", .observed = true};
// Makes a shorter history out of a long one, by a model and for its price.
constexpr call::Operation kCompact{.name = "responses.compact", .gen_ai_operation = "chat", .observed = true};
// Counts the tokens of a request without using any.
constexpr call::Operation kInputTokens{
    .name = "responses.input_tokens", .gen_ai_operation = "", .observed = true};
constexpr std::array<OperationPath, 6> kOperations{{
    {"/chat/completions", &kChat},
    {"/responses", &kResponses},
    {"/embeddings", &kEmbeddings},
    {"/completions", &kCompletions},
    {"/responses/compact", &kCompact},
    {"/responses/input_tokens", &kInputTokens},
}};

// What batches wrote is a file's content; what was stored of a response or a conversation has its calls, and
// so has what is made behind a web socket or by the assistants API.
constexpr std::array<HarmlessPath, 10> kHarmless{{{"", "/models/**"},
                                                  {"POST", "/moderations"},
                                                  {"POST", "/images/**"},
                                                  {"POST", "/audio/**"},
                                                  {"", "/files"},
                                                  {"", "/files/*"},
                                                  {"", "/uploads/**"},
                                                  {"", "/vector_stores/**"},
                                                  {"", "/fine_tuning/**"},
                                                  {"DELETE", "/responses/*"}}};

bool has_usage_option(const call::Operation& operation) {
  return &operation == &kChat || &operation == &kCompletions;
}

bool has_output(const call::Operation& operation) {
  return &operation == &kResponses || &operation == &kCompact;
}

std::string_view error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_exceeded";
    default:
      return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

class OpenAi final : public Provider {
 public:
  explicit OpenAi(std::string_view name) : name_(name), routes_(name, kOperations) {}

  std::string_view name() const override { return name_; }

  call::Route route(std::string_view method, std::string_view rest, bool with_agent) const override {
    // SDKs differ in whether /v1 is part of the base URL.
    if (rest.starts_with("/v1/")) rest.remove_prefix(3);
    std::string scratch;
    const std::string_view path = http::without_escapes(rest.substr(0, rest.find('?')), scratch);
    call::Route route = routes_.route(method, path, with_agent);
    route.upstream_path = rest;
    return route;
  }

  RequestFacts inspect(const call::Route& route, std::string_view body, std::size_t slack,
                       UsageOption usage) const override {
    return openai::inspect_request(body, slack,
                                   has_usage_option(*route.operation) ? usage : UsageOption::kLeaveAlone);
  }

  std::unique_ptr<ResponseScan> scan(const call::Route& route, const RequestFacts& request) const override {
    if (!route.operation->observed || route.operation == &kInputTokens) return nullptr;
    if (has_output(*route.operation)) return openai::make_responses_scan();
    return openai::make_chat_scan(request.usage_option.empty() ? openai::UsageChunk::kPass
                                                               : openai::UsageChunk::kDrop);
  }

  bool brings_no_tool_calls(std::string_view method, const call::Route& route) const override {
    return is_one_of(kHarmless, method, route.upstream_path.substr(0, route.upstream_path.find('?')));
  }

  std::unique_ptr<ToolCallReader> tool_calls(const call::Route& route,
                                             const RequestFacts& /*request*/) const override {
    if (route.operation == &kChat) return openai::make_chat_tool_calls();
    if (has_output(*route.operation)) return openai::make_responses_tool_calls();
    return nullptr;
  }

  std::vector<model::DeclaredTool> declared_tools(const call::Route& route, std::string_view body,
                                                  std::size_t slack) const override {
    if (route.operation != &kChat && !has_output(*route.operation)) return {};
    return openai::declared_tools(body, slack);
  }

  ToolHistory tool_history(const call::Route& route, std::string_view body,
                           std::size_t slack) const override {
    if (route.operation == &kChat) return openai::chat_history(body, slack);
    if (has_output(*route.operation) || route.operation == &kInputTokens)
      return openai::responses_history(body, slack);
    return {};
  }

  RequestContent request_content(const call::Route& route, std::string_view body, std::size_t slack,
                                 ContentBounds bounds) const override {
    if (has_usage_option(*route.operation)) return openai::chat_request_content(body, slack, bounds);
    if (has_output(*route.operation)) return openai::responses_request_content(body, slack, bounds);
    return RequestContent(bounds);
  }

  std::unique_ptr<ContentReader> content(const call::Route& route, ContentBounds bounds) const override {
    if (has_usage_option(*route.operation)) return openai::make_chat_content(bounds);
    if (has_output(*route.operation)) return openai::make_responses_content(bounds);
    return nullptr;
  }

  std::string error_body(int status, std::string_view code, std::string_view message) const override {
    std::string body = R"({"error":{"message":)";
    base::append_json_string(body, message);
    body += R"(,"type":)";
    base::append_json_string(body, error_type(status));
    body += R"(,"param":null,"code":)";
    base::append_json_string(body, code);
    body += "}}";
    return body;
  }

 private:
  const std::string name_;
  const RouteTable routes_;
};

}  // namespace

std::unique_ptr<Provider> make_openai(std::string_view provider_name) {
  return std::make_unique<OpenAi>(provider_name);
}

}  // namespace archestra::providers
