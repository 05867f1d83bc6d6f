#include "simulator/gemini_dialect.h"

#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/gemini_files.h"
#include "simulator/gemini_generate.h"
#include "simulator/gemini_reply.h"
#include "simulator/vectors.h"

namespace archestra::simulator {
namespace {

constexpr std::array<std::string_view, 4> kModels{"gemini-2.5-flash", "gemini-2.5-pro",
                                                  "gemini-3-flash-preview", "gemini-embedding-001"};
constexpr std::uint64_t kDimensions = 768;
constexpr std::uint64_t kDimensionsMax = 3072;
constexpr std::size_t kBatchMax = 2048;

void append_model(std::string& out, std::string_view id) {
  out.append(R"({"name":)");
  base::append_json_string(out, fmt::format("models/{}", id));
  out.append(R"(,"displayName":)");
  base::append_json_string(out, id);
  out.append(R"(,"version":"001","inputTokenLimit":1048576,"outputTokenLimit":65536,)"
             R"("supportedGenerationMethods":["generateContent","countTokens","embedContent"]})");
}

std::string model_list() {
  std::string out = R"({"models":[)";
  for (const std::string_view id : kModels) {
    if (id != kModels.front()) out.append(",");
    append_model(out, id);
  }
  return out.append("]}\n");
}

// "gemini-2.5-flash" of "/v1beta/models/gemini-2.5-flash:generateContent"; a tuned model keeps its
// collection.
std::string_view model_of(std::string_view path) {
  path = path.substr(0, path.rfind(':'));
  for (const std::string_view collection : {"/models/", "/tunedModels/"}) {
    const std::size_t at = path.find(collection);
    if (at != std::string_view::npos)
      return path.substr(at + (collection == "/models/" ? collection.size() : 1));
  }
  return path;
}

std::uint64_t dimensions_of(simdjson::dom::element request) {
  return number_or(request["outputDimensionality"],
                   number_or(request["embedContentConfig"]["outputDimensionality"], kDimensions));
}

class GeminiDialect final : public Dialect {
 public:
  bool speaks(const DialectRequest& request) const override;
  Reply answer(const DialectRequest& request) override;
  Reply error(int status, std::string_view message, const DialectRequest& request) override {
    return gemini_error(request, status, message);
  }

 private:
  Reply generate(const DialectRequest& request);
  Reply count(const DialectRequest& request);
  Reply embed(const DialectRequest& request);
  Reply batch_embed(const DialectRequest& request);
  static Reply embedded(const DialectRequest& request, std::string vectors);

  struct Operation {
    std::string_view path_end;
    Reply (GeminiDialect::*answer)(const DialectRequest&);
  };
  static const std::array<Operation, 5> kOperations;  // each is a POST

  BodyParser parser_;
  GeminiFiles files_;
};

constexpr std::array<GeminiDialect::Operation, 5> GeminiDialect::kOperations{{
    {":generateContent", &GeminiDialect::generate},
    {":streamGenerateContent", &GeminiDialect::generate},
    {":countTokens", &GeminiDialect::count},
    {":embedContent", &GeminiDialect::embed},
    {":batchEmbedContents", &GeminiDialect::batch_embed},
}};

bool GeminiDialect::speaks(const DialectRequest& request) const {
  for (const std::string_view part : {"/v1beta/", "/v1alpha/", "/upload/"})
    if (request.path.find(part) != std::string_view::npos) return true;
  for (const Operation& operation : kOperations)
    if (request.path.ends_with(operation.path_end)) return true;
  return !field_of(request, "x-goog-api-key").empty() || !field_of(request, "x-goog-api-client").empty();
}

Reply GeminiDialect::answer(const DialectRequest& request) {
  for (const Operation& operation : kOperations) {
    if (!request.path.ends_with(operation.path_end)) continue;
    return request.method == "POST" ? (this->*operation.answer)(request) : gemini_error(request, 405);
  }
  if (request.path.find("/upload/") != std::string_view::npos) return files_.upload(request, parser_);
  if (const auto place = below(request.path, "/files")) return files_.operate(*place, request);
  const auto model = below(request.path, "/models");
  if (!model || !is_reading(request)) return gemini_error(request, 404, located("Not found", request));
  if (model->empty()) return gemini_json(request, model_list());
  std::string body;
  append_model(body, *model);
  return gemini_json(request, std::move(body));
}

Reply GeminiDialect::generate(const DialectRequest& request) {
  const auto asked = read_generate(parser_, request.body, model_of(request.path));
  if (!asked) return gemini_error(request, 400, asked.error().message);
  GenerateAnswer answer = make_generate_answer(*asked, request);
  const auto usage = answer.usage;
  Reply reply = gemini_json(request, {});
  if (!wants_stream(request)) {
    reply.body = generate_json(answer, request.prose, request.behaviour.body_bytes);
  } else {
    const ChunkForm form = wants_events(request) ? ChunkForm::kEvents : ChunkForm::kArray;
    if (form == ChunkForm::kEvents) reply.content_type = "text/event-stream";
    reply.stream = generate_stream(std::move(answer), request.prose, form);
  }
  reply.usage = usage;
  return reply;
}

Reply GeminiDialect::count(const DialectRequest& request) {
  const auto document = parser_.parse(request.body);
  if (!document) return gemini_error(request, 400, "Invalid JSON payload received.");
  return gemini_json(
      request,
      fmt::format(R"({{"totalTokens":{0},"promptTokensDetails":[{{"modality":"TEXT","tokenCount":{0}}}]}})",
                  prompt_figures(request.body, request.seed).prompt_tokens));
}

Reply GeminiDialect::embed(const DialectRequest& request) {
  const auto document = parser_.parse(request.body);
  if (!document || !(*document)["content"].is_object())
    return gemini_error(request, 400, "* EmbedContentRequest.content: contents is not specified\n");
  const std::uint64_t dimensions = dimensions_of(*document);
  if (dimensions == 0 || dimensions > kDimensionsMax) return gemini_error(request, 400);
  base::Random random(request.seed);
  std::string vectors = R"("embedding":{"values":)";
  append_vector(vectors, random, static_cast<std::size_t>(dimensions));
  return embedded(request, vectors.append("}"));
}

Reply GeminiDialect::batch_embed(const DialectRequest& request) {
  const auto document = parser_.parse(request.body);
  simdjson::dom::array requests;
  if (!document || (*document)["requests"].get(requests) != simdjson::SUCCESS || requests.size() == 0 ||
      requests.size() > kBatchMax)
    return gemini_error(request, 400, "* BatchEmbedContentsRequest.requests: invalid number of requests\n");
  std::string vectors = R"("embeddings":[)";
  std::uint64_t number = 0;
  for (const simdjson::dom::element one : requests) {
    const std::uint64_t dimensions = dimensions_of(one);
    if (dimensions == 0 || dimensions > kDimensionsMax) return gemini_error(request, 400);
    base::Random random(request.seed + number);
    vectors.append(number++ > 0 ? R"(,{"values":)" : R"({"values":)");
    append_vector(vectors, random, static_cast<std::size_t>(dimensions));
    vectors.append("}");
  }
  return embedded(request, vectors.append("]"));
}

Reply GeminiDialect::embedded(const DialectRequest& request, std::string vectors) {
  const TokenFigures figures = prompt_figures(request.body, request.seed);
  const bool told = request.behaviour.usage;
  std::string body = "{" + std::move(vectors);
  if (told)
    fmt::format_to(std::back_inserter(body), R"(,"usageMetadata":{{"promptTokenCount":{}}})",
                   figures.prompt_tokens);
  Reply reply = gemini_json(request, body.append("}\n"));
  if (told) reply.usage = figures;
  return reply;
}

}  // namespace

std::unique_ptr<Dialect> make_gemini_dialect() { return std::make_unique<GeminiDialect>(); }

}  // namespace archestra::simulator
