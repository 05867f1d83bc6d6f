#include "providers/openai/openai.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace archestra::providers {
namespace {

TEST(OpenAi, UnderstandsItsOperations) {
  struct Case {
    std::string_view path;
    std::string_view name;
    std::string_view gen_ai_operation = "";
    bool is_read = false;
    bool takes_usage_option = false;
    bool has_calls = false;
  };
  constexpr Case kCases[] = {
      {"/chat/completions", "chat.completions", "chat", true, true, true},
      {"/completions", "completions", "text_completion", true, true},
      {"/responses", "responses", "chat", true, false, true},
      {"/responses/compact", "responses.compact", "chat", true, false, true},
      {"/embeddings", "embeddings", "embeddings", true},
      {"/responses/input_tokens", "responses.input_tokens"},
  };
  const auto openai = make_openai("openai");
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.path);
    const std::string target = std::string(c.path) + "?a=b";
    const call::Route route = openai->route("POST", target, false);
    EXPECT_EQ(route.operation->name, c.name);
    EXPECT_EQ(route.operation->gen_ai_operation, c.gen_ai_operation);
    EXPECT_TRUE(route.operation->observed);
    EXPECT_EQ(route.route_template, "/v1/openai" + std::string(c.path));
    EXPECT_EQ(route.upstream_path, target);

    const RequestFacts facts =
        openai->inspect(route, R"({"model":"m","stream":true})", 0, UsageOption::kAskFor);
    EXPECT_EQ(facts.model, "m");
    EXPECT_TRUE(facts.stream);
    EXPECT_EQ(!facts.usage_option.empty(), c.takes_usage_option);
    EXPECT_TRUE(openai->inspect(route, R"({"model":"m","stream":true})", 0, UsageOption::kLeaveAlone)
                    .usage_option.empty());

    EXPECT_EQ(openai->tool_calls(route, facts) != nullptr, c.has_calls);
    constexpr std::string_view kTools = R"({"tools":[{"type":"function","name":"f"}]})";
    EXPECT_EQ(openai->declared_tools(route, kTools, 0).size(), c.has_calls ? 1u : 0u);
    // Input that is counted is input.
    const bool has_history = c.has_calls || c.name == "responses.input_tokens";
    EXPECT_EQ(openai->tool_history(route, "x", 0).is_readable, !has_history);

    const auto scan = openai->scan(route, facts);
    ASSERT_EQ(scan != nullptr, c.is_read);
    if (!c.is_read) continue;
    scan->on_body(R"({"usage":{"prompt_tokens":3,"input_tokens":3}})", 0);
    EXPECT_EQ(scan->facts().usage.input_tokens, 3u);

    // Each has its own stream.
    constexpr std::string_view kUsage = R"("usage":{"input_tokens":5})";
    const bool is_responses = c.path.starts_with("/responses");
    const auto events = openai->scan(route, facts);
    const std::string event =
        is_responses ? R"({"type":"response.completed","response":{)" + std::string(kUsage) + "}}"
                     : R"({"choices":[],)" + std::string(kUsage) + "}";
    EXPECT_EQ(events->on_event("data: " + event + "\n\n"),
              c.takes_usage_option ? Verdict::kDrop : Verdict::kPass);
    EXPECT_EQ(events->facts().usage.input_tokens, 5u);
    EXPECT_EQ(events->facts().ended, is_responses);
  }
}

TEST(OpenAi, PassesEverythingElseThrough) {
  const auto openai = make_openai("openai");
  for (const auto& [method, path] :
       {std::pair{"GET", "/responses/resp_1"}, std::pair{"GET", "/responses"}, std::pair{"GET", "/models"},
        std::pair{"DELETE", "/responses/resp_1"}, std::pair{"POST", "/responses/resp_1/cancel"},
        std::pair{"POST", "/responses/"}, std::pair{"POST", "/files"}, std::pair{"POST", "/batches"},
        std::pair{"POST", "/images/generations"}, std::pair{"POST", "/audio/speech"},
        std::pair{"POST", "/moderations"}, std::pair{"POST", "/conversations"}}) {
    const call::Route route = openai->route(method, path, true);
    EXPECT_EQ(route.operation->name, "request") << path;
    EXPECT_EQ(route.operation->gen_ai_operation, "") << path;
    EXPECT_FALSE(route.operation->observed) << path;
    EXPECT_EQ(route.route_template, "/v1/openai/:agentId/*") << path;
    EXPECT_EQ(openai->scan(route, {}), nullptr) << path;
  }
}

TEST(OpenAi, IsSpokenUnderOtherNames) {
  const auto groq = make_openai("groq");
  EXPECT_EQ(groq->name(), "groq");
  const call::Route route = groq->route("POST", "/chat/completions", false);
  EXPECT_EQ(route.provider, "groq");
  EXPECT_EQ(route.route_template, "/v1/groq/chat/completions");
  EXPECT_EQ(groq->route("GET", "/models", true).route_template, "/v1/groq/:agentId/*");
  EXPECT_EQ(groq->route("GET", "/models", true).provider, "groq");
}

}  // namespace
}  // namespace archestra::providers
