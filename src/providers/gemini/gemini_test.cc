#include "providers/gemini/gemini.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "providers/gemini/model_path.h"
#include "providers/registry.h"

namespace archestra::providers {
namespace {

constexpr std::string_view kAgent = "6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a10";

std::string with_agent(std::string_view pattern) {
  std::string target(pattern);
  constexpr std::string_view kMark = "{agent}";
  if (const std::size_t at = target.find(kMark); at != std::string::npos)
    target.replace(at, kMark.size(), kAgent);
  return target;
}

TEST(Gemini, FindsTheWayOfACall) {
  struct Case {
    std::string_view method;
    std::string_view target;
    std::string_view route_template;
    std::string_view operation = "request";
    std::string_view model = "";
    bool stream = false;
  };
  constexpr Case kCases[] = {
      {"POST", "/v1/gemini/v1beta/models/gemini-2.0-flash:generateContent",
       "/v1/gemini/v1beta/models/:model:generateContent", "generateContent", "gemini-2.0-flash"},
      {"POST", "/v1/gemini/v1/models/gemini-2.0-flash:generateContent?key=k",
       "/v1/gemini/v1/models/:model:generateContent", "generateContent", "gemini-2.0-flash"},
      {"POST", "/v1/gemini/{agent}/v1alpha/models/m_1.5:streamGenerateContent?alt=sse",
       "/v1/gemini/:agentId/v1alpha/models/:model:streamGenerateContent", "generateContent", "m_1.5", true},
      {"POST", "/v1/gemini/v1beta/models/m:streamGenerateContent",
       "/v1/gemini/v1beta/models/:model:streamGenerateContent", "generateContent", "m", true},
      {"POST", "/v1/gemini/v1beta/models/e:embedContent", "/v1/gemini/v1beta/models/:model:embedContent",
       "embedContent", "e"},
      {"POST", "/v1/gemini/{agent}/v1/models/e:batchEmbedContents",
       "/v1/gemini/:agentId/v1/models/:model:batchEmbedContents", "batchEmbedContents", "e"},
      {"POST", "/v1/gemini/v1beta/models/m:countTokens", "/v1/gemini/v1beta/models/:model:countTokens",
       "countTokens", "m"},
      // Other resources, and names with anything in them.
      {"POST", "/v1/gemini/v1beta/tunedModels/x-1:generateContent",
       "/v1/gemini/v1beta/:resource:generateContent", "generateContent", "tunedModels/x-1"},
      {"POST", "/v1/gemini/{agent}/v1beta/publishers/google/models/m:countTokens",
       "/v1/gemini/:agentId/v1beta/:resource:countTokens", "countTokens", "publishers/google/models/m"},
      {"POST", "/v1/gemini/v1beta/models/ft:a/b@1:generateContent",
       "/v1/gemini/v1beta/models/:model:generateContent", "generateContent", "ft:a/b@1"},
      {"POST", "/v1/gemini/v1beta/m:embedContent", "/v1/gemini/v1beta/:resource:embedContent", "embedContent",
       "m"},
      // Escapes mean the same to the provider.
      {"POST", "/v1/gemini/v1beta/models/gemini%2D2.0%20x:generateContent",
       "/v1/gemini/v1beta/models/:model:generateContent", "generateContent", "gemini-2.0 x"},
      {"POST", "/v1/gemini/v1beta/tunedModels%2fx:generateContent",
       "/v1/gemini/v1beta/:resource:generateContent", "generateContent", "tunedModels/x"},
      {"POST", "/v1/gemini/v1beta%2Fmodels%2Fm%3Agenerate%43ontent",
       "/v1/gemini/v1beta/models/:model:generateContent", "generateContent", "m"},
      {"POST", "/v1/gemini/v1beta/models/50%:generateContent",
       "/v1/gemini/v1beta/models/:model:generateContent", "generateContent", "50%"},
      {"POST", "/v1/gemini/v1beta/models/%g1%1:generateContent",
       "/v1/gemini/v1beta/models/:model:generateContent", "generateContent", "%g1%1"},
      {"POST", "/v1/gemini/v1beta/models/%252F:generateContent",
       "/v1/gemini/v1beta/models/:model:generateContent", "generateContent", "%2F"},
      // Everything else passes through.
      {"GET", "/v1/gemini/v1beta/models/m:generateContent", "/v1/gemini/*"},
      {"post", "/v1/gemini/v1beta/models/m:generateContent", "/v1/gemini/*"},
      {"GET", "/v1/gemini/v1beta/models", "/v1/gemini/*"},
      {"GET", "/v1/gemini/{agent}/v1beta/models/gemini-2.0-flash", "/v1/gemini/:agentId/*"},
      {"POST", "/v1/gemini/v1beta/models/m:generateText", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/models/m:GenerateContent", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/models/m:generateContent/", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/models/m:generateContent:", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/models/m%3fa:generateContents", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/models/:generateContent", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/:generateContent", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta:generateContent", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v2/models/m:generateContent", "/v1/gemini/*"},
      {"POST", "/v1/gemini/models/m:generateContent", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/models/m?x=:generateContent", "/v1/gemini/*"},
      {"POST", "/v1/gemini/upload/v1beta/files?upload_id=1", "/v1/gemini/*"},
      {"POST", "/v1/gemini/{agent}/upload/v1beta/files", "/v1/gemini/:agentId/*"},
      {"DELETE", "/v1/gemini/v1beta/files/abc", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/cachedContents", "/v1/gemini/*"},
      {"POST", "/v1/gemini/v1beta/models/m:batchGenerateContent", "/v1/gemini/*"},
      {"POST", "/v1/gemini/", "/v1/gemini/*"},
      {"POST", "/v1/gemini//v1beta/models/m:generateContent", "/v1/gemini/*"},
  };
  const Registry registry;
  for (const Case& c : kCases) {
    const std::string target = with_agent(c.target);
    SCOPED_TRACE(std::string(c.method) + " " + target);
    const auto match = registry.match(c.method, target);
    ASSERT_TRUE(match && *match);
    const call::Route& route = (*match)->route;
    EXPECT_EQ(route.provider, "gemini");
    EXPECT_EQ(route.route_template, c.route_template);
    EXPECT_EQ(route.operation->name, c.operation);
    EXPECT_EQ(route.operation->observed, c.operation != "request");
    EXPECT_EQ(route.upstream_prefix, "");
    EXPECT_TRUE(target.ends_with(route.upstream_path)) << "forwarded as it came, escapes and query too";
    const std::size_t prefix =
        std::string_view("/v1/gemini").size() + (route.agent_id ? 1 + kAgent.size() : 0);
    EXPECT_EQ(route.upstream_path.size(), target.size() - prefix);
    if (!route.operation->observed) continue;
    const RequestFacts facts = (*match)->provider->inspect(route, "no JSON", 0, UsageOption::kAskFor);
    EXPECT_EQ(facts.model, c.model);
    EXPECT_EQ(facts.stream, c.stream);
    EXPECT_TRUE(facts.usage_option.empty());
  }
}

TEST(Gemini, HasABoundedSetOfTemplates) {
  std::set<std::string> templates;
  const auto gemini = make_gemini("gemini");
  for (const std::string_view version : gemini::kVersions)
    for (const char* name : {"models/a", "models/b", "tunedModels/a", "a", "a/b/c"})
      for (const std::string_view method : gemini::kMethods)
        for (const bool has_agent : {false, true})
          templates.emplace(gemini
                                ->route("POST",
                                        "/" + std::string(version) + "/" + name + ":" + std::string(method),
                                        has_agent)
                                .route_template);
  EXPECT_EQ(templates.size(), 60u);
}

TEST(Gemini, BelongsToItsName) {
  const auto other = make_gemini("other");
  const call::Route route = other->route("POST", "/v1/models/m:countTokens", true);
  EXPECT_EQ(other->name(), "other");
  EXPECT_EQ(route.provider, "other");
  EXPECT_EQ(route.route_template, "/v1/other/:agentId/v1/models/:model:countTokens");
}

TEST(Gemini, NamesOperationsByTheConventions) {
  struct Case {
    std::string_view method;
    std::string_view gen_ai_operation;
  };
  constexpr Case kCases[] = {{"generateContent", "generate_content"},
                             {"streamGenerateContent", "generate_content"},
                             {"embedContent", "embeddings"},
                             {"batchEmbedContents", "embeddings"},
                             {"countTokens", ""}};
  const auto gemini = make_gemini("gemini");
  for (const Case& c : kCases)
    EXPECT_EQ(
        gemini->route("POST", "/v1/models/m:" + std::string(c.method), false).operation->gen_ai_operation,
        c.gen_ai_operation);
}

TEST(Gemini, CountsResultsOfToolsWhereThereMayBeSome) {
  constexpr std::string_view kBody = R"({"contents":[{"parts":[{"functionResponse":{}}]}]})";
  const auto gemini = make_gemini("gemini");
  const auto count = [&](std::string_view method) {
    const std::string path = "/v1/models/m:" + std::string(method);
    return gemini->inspect(gemini->route("POST", path, false), kBody, 0, UsageOption::kAskFor).tool_results;
  };
  EXPECT_EQ(count("generateContent"), 1u);
  EXPECT_EQ(count("streamGenerateContent"), 1u);
  EXPECT_EQ(count("countTokens"), 0u);
  EXPECT_EQ(count("embedContent"), 0u);
}

TEST(Gemini, ReadsParametersWhereSomethingIsAskedOfAModel) {
  constexpr std::string_view kBody = R"({"generationConfig":{"seed":4},"outputDimensionality":8})";
  const auto gemini = make_gemini("gemini");
  const auto numbers = [&](std::string_view method) {
    const std::string path = "/v1/models/m:" + std::string(method);
    return gemini->inspect(gemini->route("POST", path, false), kBody, 0, UsageOption::kAskFor)
        .parameters.numbers;
  };
  EXPECT_EQ(numbers("streamGenerateContent").seed, 4);
  EXPECT_EQ(numbers("embedContent").dimension_count, 8);
  EXPECT_EQ(numbers("countTokens"), call::RequestNumbers{});
}

TEST(Gemini, ReadsOnlyResponsesThatTellUsage) {
  const auto gemini = make_gemini("gemini");
  const auto scan = [&](const std::string& path) {
    const call::Route route = gemini->route("POST", path, false);
    return gemini->scan(route, gemini->inspect(route, "{}", 0, UsageOption::kAskFor));
  };
  for (const char* method : {"generateContent", "embedContent", "batchEmbedContents"}) {
    const auto document = scan("/v1/models/m:" + std::string(method));
    ASSERT_NE(document, nullptr);
    EXPECT_FALSE(document->reads_array());
  }
  const auto stream = scan("/v1/models/m:streamGenerateContent?alt=sse");
  ASSERT_NE(stream, nullptr);
  EXPECT_TRUE(stream->reads_array());
  EXPECT_EQ(scan("/v1/models/m:countTokens"), nullptr);
  EXPECT_EQ(scan("/v1/files"), nullptr);
}

TEST(Gemini, WordsErrorsAsItsSdksExpect) {
  struct Case {
    int status;
    std::string_view canonical;
  };
  constexpr Case kCases[] = {
      {400, "INVALID_ARGUMENT"},  {401, "UNAUTHENTICATED"},  {403, "PERMISSION_DENIED"},  {404, "NOT_FOUND"},
      {408, "DEADLINE_EXCEEDED"}, {413, "INVALID_ARGUMENT"}, {429, "RESOURCE_EXHAUSTED"}, {500, "INTERNAL"},
      {502, "UNAVAILABLE"},       {503, "UNAVAILABLE"},      {504, "DEADLINE_EXCEEDED"}};
  const auto gemini = make_gemini("gemini");
  for (const Case& c : kCases)
    EXPECT_EQ(gemini->error_body(c.status, "a_code", "It \"said\"\nno."),
              R"({"error":{"code":)" + std::to_string(c.status) +
                  R"(,"message":"It \"said\"\nno.","status":")" + std::string(c.canonical) + R"("}})");
}

TEST(Gemini, ReadsToolsOfWhatIsGenerated) {
  constexpr std::string_view kBody =
      R"({"tools":[{"functionDeclarations":[{"name":"f"}]}],"contents":[{"parts":[{"functionResponse":{"name":"f"}}]}]})";
  const auto provider = make_gemini("gemini");
  for (const std::string_view method :
       {"generateContent", "streamGenerateContent?alt=sse", "countTokens", "embedContent"}) {
    SCOPED_TRACE(method);
    const std::string path = "/v1beta/models/m:" + std::string(method);
    const call::Route route = provider->route("POST", path, false);
    const bool generates = method.contains("enerate");
    EXPECT_EQ(provider->tool_calls(route, {}) != nullptr, generates);
    EXPECT_EQ(provider->inspect(route, kBody, 0, UsageOption::kAskFor).tools_hash != 0, generates);
    EXPECT_EQ(provider->declared_tools(route, kBody, 0).size(), generates ? 1U : 0U);
    EXPECT_EQ(provider->tool_history(route, kBody, 0).results.size(), generates ? 1U : 0U);
  }
}

}  // namespace
}  // namespace archestra::providers
