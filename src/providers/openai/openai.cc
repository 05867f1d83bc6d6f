#include "providers/openai/openai.h"

#include <array>

#include "base/json_text.h"
#include "providers/openai/chat.h"
#include "providers/route_table.h"

namespace archestra::providers {
namespace {

constexpr call::Operation kChat{.name = "chat.completions", .gen_ai_operation = "chat", .observed = true};
constexpr std::array<OperationPath, 1> kOperations{{
    {"/chat/completions", &kChat},
}};

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
    call::Route route = routes_.route(method, rest.substr(0, rest.find('?')), with_agent);
    route.upstream_path = rest;
    return route;
  }

  RequestFacts inspect(const call::Route&, std::string_view body, std::size_t slack,
                       UsageOption usage) const override {
    return openai::inspect_chat_request(body, slack, usage);
  }

  std::unique_ptr<ResponseScan> scan(const call::Route& route, const RequestFacts& request) const override {
    if (route.operation != &kChat) return nullptr;
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

 private:
  const std::string name_;
  const RouteTable routes_;
};

}  // namespace

std::unique_ptr<Provider> make_openai(std::string_view provider_name) {
  return std::make_unique<OpenAi>(provider_name);
}

}  // namespace archestra::providers
