#include "providers/gemini/gemini.h"

#include <array>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "providers/gemini/content.h"
#include "providers/gemini/generate.h"
#include "providers/gemini/model_path.h"
#include "providers/gemini/tools.h"
#include "providers/pass_through.h"
#include "providers/route_table.h"

namespace archestra::providers {
namespace {

using gemini::kMethods;
using gemini::kVersions;
using gemini::Method;
using gemini::ModelPath;

constexpr call::Operation kGenerate{
    .name = "generateContent", .gen_ai_operation = "generate_content", .observed = true};
constexpr call::Operation kEmbed{.name = "embedContent", .gen_ai_operation = "embeddings", .observed = true};
constexpr call::Operation kBatchEmbed{
    .name = "batchEmbedContents", .gen_ai_operation = "embeddings", .observed = true};
// Observed for the model. It consumes no tokens.
constexpr call::Operation kCountTokens{.name = "countTokens", .gen_ai_operation = "", .observed = true};

// Behind the version. Batches, operations, interactions and agents may have answers with calls.
constexpr std::array<HarmlessPath, 8> kHarmless{{{"GET", "/*/models"},
                                                 {"GET", "/*/models/*"},
                                                 {"GET", "/*/tunedModels"},
                                                 {"GET", "/*/tunedModels/*"},
                                                 {"", "/*/files"},
                                                 {"", "/*/files/*"},
                                                 {"", "/*/cachedContents/**"},
                                                 {"", "/upload/*/files/**"}}};

const call::Operation& operation_of(Method method) {
  switch (method) {
    case Method::kEmbedContent:
      return kEmbed;
    case Method::kBatchEmbedContents:
      return kBatchEmbed;
    case Method::kCountTokens:
      return kCountTokens;
    case Method::kGenerateContent:
    case Method::kStreamGenerateContent:
      break;
  }
  return kGenerate;
}

// google.rpc.Code by the HTTP status that stands for it.
std::string_view canonical_status(int status) {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 409:
      return "ABORTED";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 499:
      return "CANCELLED";
    case 501:
      return "UNIMPLEMENTED";
    case 502:
    case 503:
      return "UNAVAILABLE";
    case 408:
    case 504:
      return "DEADLINE_EXCEEDED";
    default:
      return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
  }
}

std::string_view without_query(std::string_view path) { return path.substr(0, path.find('?')); }

/// The route templates: for each version and method one of models and one of any other resource, such as
/// tuned models, whose kinds are not known beforehand; and one for the rest. So there are 62 of them.
class Templates {
 public:
  explicit Templates(std::string_view provider) : rest_(provider, "/*") {
    for (const std::string_view version : kVersions)
      for (const std::string_view name : {"models/:model", ":resource"})
        for (const std::string_view method : kMethods)
          rows_.emplace_back(
              provider, "/" + std::string(version) + "/" + std::string(name) + ":" + std::string(method));
  }

  std::string_view of(const ModelPath& path, bool with_agent) const {
    const std::size_t kind = path.version * 2 + (path.is_below_models ? 0 : 1);
    return rows_[kind * std::size(kMethods) + static_cast<std::size_t>(path.method)].text(with_agent);
  }
  std::string_view rest(bool with_agent) const { return rest_.text(with_agent); }

 private:
  std::vector<RouteTemplate> rows_;
  const RouteTemplate rest_;
};

class Gemini final : public Provider {
 public:
  explicit Gemini(std::string_view name) : name_(name), templates_(name) {}

  std::string_view name() const override { return name_; }

  call::Route route(std::string_view method, std::string_view rest, bool with_agent) const override {
    call::Route route{.provider = name_,
                      .operation = &kPassThrough,
                      .route_template = templates_.rest(with_agent),
                      .upstream_path = rest};
    if (method != "POST") return route;
    std::string scratch;
    if (const auto path = gemini::parse_model_path(without_query(rest), scratch)) {
      route.operation = &operation_of(path->method);
      route.route_template = templates_.of(*path, with_agent);
    }
    return route;
  }

  bool brings_no_tool_calls(std::string_view method, const call::Route& route) const override {
    return is_one_of(kHarmless, method, without_query(route.upstream_path));
  }

  RequestFacts inspect(const call::Route& route, std::string_view body, std::size_t slack,
                       UsageOption) const override {
    std::string scratch;
    const auto path = gemini::parse_model_path(without_query(route.upstream_path), scratch);
    if (!path) return {};
    RequestFacts facts;
    // A count of tokens asks nothing of a model.
    if (route.operation != &kCountTokens) facts = gemini::inspect_generate_request(body, slack);
    if (route.operation != &kGenerate) facts.tool_results = 0;
    if (route.operation != &kGenerate) facts.tools_hash = 0;
    facts.model = path->model;
    facts.stream = path->method == Method::kStreamGenerateContent;
    return facts;
  }

  std::unique_ptr<ResponseScan> scan(const call::Route& route, const RequestFacts& request) const override {
    if (!route.operation->observed || route.operation == &kCountTokens) return nullptr;
    return gemini::make_generate_scan(request.stream ? gemini::Answer::kStream : gemini::Answer::kDocument);
  }

  std::unique_ptr<ToolCallReader> tool_calls(const call::Route& route, const RequestFacts&) const override {
    if (route.operation != &kGenerate) return nullptr;
    const bool asks_for_events = route.upstream_path.contains("alt=sse");
    return gemini::make_tool_call_reader(asks_for_events ? gemini::ChunkForm::kEvents
                                                         : gemini::ChunkForm::kElements);
  }

  std::vector<model::DeclaredTool> declared_tools(const call::Route& route, std::string_view body,
                                                  std::size_t slack) const override {
    if (route.operation != &kGenerate) return {};
    return gemini::read_declared_tools(body, slack);
  }

  ToolHistory tool_history(const call::Route& route, std::string_view body,
                           std::size_t slack) const override {
    if (route.operation != &kGenerate) return {};
    return gemini::read_tool_history(body, slack);
  }

  RequestContent request_content(const call::Route& route, std::string_view body, std::size_t slack,
                                 ContentBounds bounds) const override {
    if (route.operation != &kGenerate) return RequestContent(bounds);
    return gemini::read_request_content(body, slack, bounds);
  }

  std::unique_ptr<ContentReader> content(const call::Route& route, ContentBounds bounds) const override {
    return route.operation == &kGenerate ? gemini::make_content_reader(bounds) : nullptr;
  }

  // Where a resumable upload goes on.
  std::span<const std::string_view> url_fields() const override {
    static constexpr std::array<std::string_view, 2> kFields = {"x-goog-upload-url",
                                                                "x-goog-upload-control-url"};
    return kFields;
  }

  std::string error_body(int status, std::string_view, std::string_view message) const override {
    std::string body = R"({"error":{"code":)" + std::to_string(status) + R"(,"message":)";
    base::append_json_string(body, message);
    body += R"(,"status":)";
    base::append_json_string(body, canonical_status(status));
    body += "}}";
    return body;
  }

 private:
  const std::string name_;
  const Templates templates_;
};

}  // namespace

std::unique_ptr<Provider> make_gemini(std::string_view provider_name) {
  return std::make_unique<Gemini>(provider_name);
}

}  // namespace archestra::providers
