#include "providers/openai/openai.h"

#include "base/json_text.h"
#include "providers/openai/chat.h"

namespace archestra::providers {
namespace {

constexpr call::Operation kChat{.name = "chat.completions",
                                .span_name = "openai.chat.completions",
                                .gen_ai_operation = "chat",
                                .observed = true};
constexpr call::Operation kPassThrough{
    .name = "request", .span_name = "openai.request", .gen_ai_operation = ""};

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
  std::string_view name() const override { return "openai"; }

  call::Route route(std::string_view method, std::string_view rest, bool with_agent) const override {
    // SDKs differ in whether /v1 is part of the base URL.
    if (rest.starts_with("/v1/")) rest.remove_prefix(3);
    call::Route route{.provider = name(), .upstream_path = rest};
    if (method == "POST" && rest.substr(0, rest.find('?')) == "/chat/completions") {
      route.operation = &kChat;
      route.route_template =
          with_agent ? "/v1/openai/:agentId/chat/completions" : "/v1/openai/chat/completions";
    } else {
      route.operation = &kPassThrough;
      route.route_template = with_agent ? "/v1/openai/:agentId/*" : "/v1/openai/*";
    }
    return route;
  }

  RequestFacts inspect(const call::Operation&, std::string_view body, std::size_t slack,
                       UsageOption usage) const override {
    return openai::inspect_chat_request(body, slack, usage);
  }

  std::unique_ptr<ResponseScan> scan(const call::Operation& operation,
                                     const RequestFacts& request) const override {
    if (&operation != &kChat) return nullptr;
    return openai::make_chat_scan(request.usage_option.empty() ? openai::UsageChunk::kPass
                                                               : openai::UsageChunk::kDrop);
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
};

}  // namespace

std::unique_ptr<Provider> make_openai() { return std::make_unique<OpenAi>(); }

}  // namespace archestra::providers
