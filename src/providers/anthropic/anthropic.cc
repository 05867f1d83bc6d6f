#include "providers/anthropic/anthropic.h"

#include <array>

#include "base/json_text.h"
#include "http/url.h"
#include "providers/anthropic/content.h"
#include "providers/anthropic/messages.h"
#include "providers/anthropic/tools.h"
#include "providers/pass_through.h"
#include "providers/route_table.h"

namespace archestra::providers {
namespace {

constexpr std::string_view kVersion = "/v1";

constexpr call::Operation kMessages{.name = "messages", .gen_ai_operation = "chat", .observed = true};
// Observed for the model that the request names. Nothing is generated, so no figure of the answer is read.
constexpr call::Operation kCountTokens{
    .name = "messages.count_tokens", .gen_ai_operation = "", .observed = true};
constexpr std::array<OperationPath, 2> kOperations{{
    {"/v1/messages", &kMessages},
    {"/v1/messages/count_tokens", &kCountTokens},
}};

// Batches, agents and their sessions have answers with calls, and what is in a file nobody knows. Below /api
// are Claude Code's own requests.
constexpr std::array<HarmlessPath, 5> kHarmless{{{"GET", "/v1/models"},
                                                 {"GET", "/v1/models/*"},
                                                 {"", "/v1/files"},
                                                 {"", "/v1/files/*"},
                                                 {"", "/api/**"}}};

// Whether a client left /v1 to the base URL. The API has its paths below /v1, and some of Claude Code's below
// /api; another version and what belongs to a host as a whole (RFC 8615) stay what they are.
bool lacks_version(std::string_view path) {
  const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
  if (segment.empty() || segment.front() == '.' || segment == "api") return false;
  return segment.size() < 2 || segment[0] != 'v' || segment[1] < '0' || segment[1] > '9';
}

// A path without /v1 as the table has it, where the table has it.
std::string_view with_version(std::string_view path) {
  for (const auto& [known, operation] : kOperations)
    if (known.substr(kVersion.size()) == path) return known;
  return path;
}

std::string_view error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

class Anthropic final : public Provider {
 public:
  explicit Anthropic(std::string_view name) : name_(name), routes_(name, kOperations) {}

  std::string_view name() const override { return name_; }

  call::Route route(std::string_view method, std::string_view rest, bool with_agent) const override {
    std::string scratch;
    const std::string_view path = http::without_escapes(rest.substr(0, rest.find('?')), scratch);
    const bool is_bare = lacks_version(path);
    call::Route route = routes_.route(method, is_bare ? with_version(path) : path, with_agent);
    if (is_bare) route.upstream_prefix = kVersion;
    route.upstream_path = rest;
    return route;
  }

  RequestFacts inspect(const call::Route&, std::string_view body, std::size_t slack,
                       UsageOption) const override {
    return anthropic::inspect_messages_request(body, slack);
  }

  std::unique_ptr<ResponseScan> scan(const call::Route& route, const RequestFacts&) const override {
    return route.operation == &kMessages ? anthropic::make_messages_scan() : nullptr;
  }

  bool brings_no_tool_calls(std::string_view method, const call::Route& route) const override {
    std::string path(route.upstream_prefix);
    path += route.upstream_path.substr(0, route.upstream_path.find('?'));
    return is_one_of(kHarmless, method, path);
  }

  std::unique_ptr<ToolCallReader> tool_calls(const call::Route& route, const RequestFacts&) const override {
    return route.operation == &kMessages ? anthropic::make_tool_call_reader() : nullptr;
  }

  // Those whose hash inspect() tells, so a count's too.
  std::vector<model::DeclaredTool> declared_tools(const call::Route& route, std::string_view body,
                                                  std::size_t slack) const override {
    if (!route.operation->observed) return {};
    return anthropic::read_declared_tools(body, slack);
  }

  ToolHistory tool_history(const call::Route& route, std::string_view body,
                           std::size_t slack) const override {
    if (!route.operation->observed) return {};
    return anthropic::read_tool_history(body, slack);
  }

  RequestContent request_content(const call::Route& route, std::string_view body, std::size_t slack,
                                 ContentBounds bounds) const override {
    if (route.operation != &kMessages) return RequestContent(bounds);
    return anthropic::read_request_content(body, slack, bounds);
  }

  std::unique_ptr<ContentReader> content(const call::Route& route, ContentBounds bounds) const override {
    return route.operation == &kMessages ? anthropic::make_content_reader(bounds) : nullptr;
  }

  // There is no place for the code: only x-archestra-error has it.
  std::string error_body(int status, std::string_view, std::string_view message) const override {
    std::string body = R"({"type":"error","error":{"type":)";
    base::append_json_string(body, error_type(status));
    body += R"(,"message":)";
    base::append_json_string(body, message);
    body += R"(},"request_id":null})";
    return body;
  }

 private:
  const std::string name_;
  const RouteTable routes_;
};

}  // namespace

std::unique_ptr<Provider> make_anthropic(std::string_view provider_name) {
  return std::make_unique<Anthropic>(provider_name);
}

}  // namespace archestra::providers
