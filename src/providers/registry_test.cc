#include "providers/registry.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace archestra::providers {
namespace {

constexpr std::string_view kAgent = "6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a10";
constexpr std::string_view kAgentInUpperCase = "6F1C2B34-8A4E-4D0F-9B21-0C5D7E8F9A10";
constexpr std::string_view kChat = "/v1/openai/chat/completions";
constexpr std::string_view kAgentChat = "/v1/openai/:agentId/chat/completions";
constexpr std::string_view kRest = "/v1/openai/*";
constexpr std::string_view kAgentRest = "/v1/openai/:agentId/*";

// "{agent}" and "{AGENT}" stand for the id in either case.
std::string with_agent(std::string_view pattern) {
  std::string target(pattern);
  for (const auto& [mark, id] : {std::pair{"{agent}", kAgent}, std::pair{"{AGENT}", kAgentInUpperCase}})
    if (const std::size_t at = target.find(mark); at != std::string::npos)
      target.replace(at, std::string_view(mark).size(), id);
  return target;
}

TEST(Registry, FindsTheWayOfACall) {
  struct Case {
    std::string_view method;
    std::string_view target;
    std::string_view route_template;
    std::string_view upstream_path;
    std::string_view operation = "request";
    bool has_agent = false;
  };
  constexpr std::string_view kCompletions = "chat.completions";
  constexpr Case kCases[] = {
      // The operation that is understood, in each form a base URL may give it.
      {"POST", "/v1/openai/chat/completions", kChat, "/chat/completions", kCompletions},
      {"POST", "/v1/openai/v1/chat/completions", kChat, "/chat/completions", kCompletions},
      {"POST", "/v1/openai/{agent}/chat/completions", kAgentChat, "/chat/completions", kCompletions, true},
      {"POST", "/v1/openai/{AGENT}/chat/completions", kAgentChat, "/chat/completions", kCompletions, true},
      {"POST", "/v1/openai/{agent}/v1/chat/completions", kAgentChat, "/chat/completions", kCompletions, true},
      {"POST", "/v1/openai/v1/chat/%63ompletions", kChat, "/chat/%63ompletions", kCompletions},
      {"POST", "/v1/openai/{agent}/chat%2Fcompletions?a", kAgentChat, "/chat%2Fcompletions?a", kCompletions,
       true},
      {"POST", "/v1/openai/chat/completions?a=/../b", kChat, "/chat/completions?a=/../b", kCompletions},
      {"POST", "/v1/openai/{agent}/v1/chat/completions?", kAgentChat, "/chat/completions?", kCompletions,
       true},
      // Everything else passes through: other methods,
      {"GET", "/v1/openai/chat/completions", kRest, "/chat/completions"},
      {"GET", "/v1/openai/{agent}/chat/completions?limit=2", kAgentRest, "/chat/completions?limit=2",
       "request", true},
      {"OPTIONS", "/v1/openai/chat/completions", kRest, "/chat/completions"},
      {"post", "/v1/openai/chat/completions", kRest, "/chat/completions"},
      // other paths,
      {"GET", "/v1/openai/models", kRest, "/models"},
      {"GET", "/v1/openai/v1/models/ft:gpt%2Fx", kRest, "/models/ft:gpt%2Fx"},
      {"POST", "/v1/openai/{agent}/files", kAgentRest, "/files", "request", true},
      {"GET", "/v1/openai/", kRest, "/"},
      {"GET", "/v1/openai/{agent}/", kAgentRest, "/", "request", true},
      {"GET", "/v1/openai/v1", kRest, "/v1"},
      {"GET", "/v1/openai/v1/", kRest, "/"},
      {"GET", "/v1/openai/v1x/models", kRest, "/v1x/models"},
      // and what only looks like the understood path.
      {"POST", "/v1/openai/chat/completions/", kRest, "/chat/completions/"},
      {"POST", "/v1/openai/chat/completions/chatcmpl-1", kRest, "/chat/completions/chatcmpl-1"},
      {"POST", "/v1/openai/chat/completionsx", kRest, "/chat/completionsx"},
      {"POST", "/v1/openai/Chat/completions", kRest, "/Chat/completions"},
      {"POST", "/v1/openai//chat/completions", kRest, "//chat/completions"},
      {"POST", "/v1/openai/v1/v1/chat/completions", kRest, "/v1/chat/completions"},
      // An id counts in its own place and form only.
      {"POST", "/v1/openai/v1/{agent}/chat/completions", kRest,
       "/6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a10/chat/completions"},
      {"GET", "/v1/openai/files/{agent}", kRest, "/files/6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a10"},
      {"GET", "/v1/openai/6f1c2b348a4e4d0f9b210c5d7e8f9a10/models", kRest,
       "/6f1c2b348a4e4d0f9b210c5d7e8f9a10/models"},
      {"GET", "/v1/openai/{agent}0/models", kRest, "/6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a100/models"},
      // Dots that are no dot segments.
      {"GET", "/v1/openai/files/...", kRest, "/files/..."},
      {"GET", "/v1/openai/files/.a", kRest, "/files/.a"},
      {"GET", "/v1/openai/files/a..", kRest, "/files/a.."},
      {"GET", "/v1/openai/files/%2e%2e%2e", kRest, "/files/%2e%2e%2e"},
      {"GET", "/v1/openai/files/%252e", kRest, "/files/%252e"},
      {"GET", "/v1/openai/files/%2", kRest, "/files/%2"},
      {"GET", "/v1/openai/files/%2f", kRest, "/files/%2f"},
      {"GET", "/v1/openai/files/a%2f..b%5c...", kRest, "/files/a%2f..b%5c..."},
      {"GET", "/v1/openai/files/a..;b=../c", kRest, "/files/a..;b=../c"},
      {"GET", "/v1/openai/files/;..", kRest, "/files/;.."},
  };
  const Registry registry;
  for (const Case& c : kCases) {
    const std::string target = with_agent(c.target);
    SCOPED_TRACE(std::string(c.method) + " " + target);
    const auto match = registry.match(c.method, target);
    ASSERT_TRUE(match && *match);
    const call::Route& route = (*match)->route;
    EXPECT_EQ((*match)->provider, registry.find("openai"));
    EXPECT_EQ(route.provider, "openai");
    EXPECT_EQ(route.route_template, c.route_template);
    EXPECT_EQ(route.upstream_path, c.upstream_path);
    ASSERT_NE(route.operation, nullptr);
    EXPECT_EQ(route.operation->name, c.operation);
    EXPECT_EQ(route.operation->observed, c.operation != "request");
    ASSERT_EQ(route.agent_id.has_value(), c.has_agent);
    if (c.has_agent) EXPECT_EQ(route.agent_id->text(), kAgent);
    // A view of the target, not of something shorter-lived.
    EXPECT_GE(route.upstream_path.data(), target.data());
    EXPECT_EQ(route.upstream_path.data() + route.upstream_path.size(), target.data() + target.size());
  }
}

TEST(Registry, LeavesOtherPathsAlone) {
  const Registry registry;
  for (const char* pattern :
       {"", "/", "*", "/v1", "/v1/", "/v1/openai", "/v1/openai?a=b", "/v1/openai?/chat/completions",
        "/health", "/api/agents", "/v1/nobody/chat/completions", "/v1/OpenAI/chat/completions",
        "/v1/openaix/chat/completions", "/v1/%6fpenai/chat/completions", "/V1/openai/chat/completions",
        "v1/openai/chat/completions", "/v2/openai/chat/completions", "//v1/openai/chat/completions",
        "/v1//openai/chat/completions", "/v1/../v1/openai/models", "/v1/nobody/../openai/models",
        "/openai/chat/completions",
        // An agent without anything behind it is only the prefix, too.
        "/v1/openai/{agent}", "/v1/openai/{agent}?a=b"}) {
    const std::string target = with_agent(pattern);
    const auto match = registry.match("POST", target);
    ASSERT_TRUE(match) << target;
    EXPECT_FALSE(*match) << target;
  }
}

TEST(Registry, RefusesPathsThatCouldClimb) {
  const Registry registry;
  for (const char* pattern : {"/v1/openai/..",
                              "/v1/openai/.",
                              "/v1/openai/../admin",
                              "/v1/openai/./models",
                              "/v1/openai/files/..",
                              "/v1/openai/files/../..",
                              "/v1/openai/files/.?a=b",
                              "/v1/openai/%2e%2e/admin",
                              "/v1/openai/%2E%2e/admin",
                              "/v1/openai/.%2e/admin",
                              "/v1/openai/%2E./admin",
                              "/v1/openai/%2e/admin",
                              "/v1/openai/files/%2E",
                              "/v1/openai/{agent}/../x",
                              "/v1/openai/{agent}/v1/%2e%2e",
                              "/v1/openai/../chat/completions",
                              "/v1/openai/..%2fadmin",
                              "/v1/openai/%2e%2E%2Fadmin",
                              "/v1/openai/a%2f..",
                              "/v1/openai/..\\admin",
                              "/v1/openai/..%5cadmin",
                              "/v1/openai/a%5C.%2eb/../x",
                              "/v1/openai/..;/admin",
                              "/v1/openai/%2e.;a=b;c/admin",
                              "/v1/openai/a/.;x"}) {
    const std::string target = with_agent(pattern);
    const auto match = registry.match("POST", target);
    ASSERT_FALSE(match) << target;
    EXPECT_EQ(match.error().code, base::ErrorCode::kMalformed) << target;
    EXPECT_EQ(match.error().detail, 400) << target;
  }
}

TEST(Registry, KnowsItsProvidersByName) {
  const Registry registry;
  ASSERT_FALSE(registry.all().empty());
  for (const auto& provider : registry.all()) EXPECT_EQ(registry.find(provider->name()), provider.get());
  ASSERT_NE(registry.find("openai"), nullptr);
  EXPECT_EQ(registry.find(""), nullptr);
  EXPECT_EQ(registry.find("open"), nullptr);
  EXPECT_EQ(registry.find("OPENAI"), nullptr);
}

TEST(Registry, OpenAiWordsErrorsAsItsSdksExpect) {
  struct Case {
    int status;
    std::string_view type;
  };
  constexpr Case kCases[] = {{400, "invalid_request_error"}, {401, "authentication_error"},
                             {403, "permission_error"},      {404, "invalid_request_error"},
                             {413, "invalid_request_error"}, {429, "rate_limit_exceeded"},
                             {500, "server_error"},          {503, "server_error"}};
  const Registry registry;
  for (const Case& c : kCases)
    EXPECT_EQ(registry.find("openai")->error_body(c.status, "a_code", "It \"said\"\nno."),
              R"({"error":{"message":"It \"said\"\nno.","type":")" + std::string(c.type) +
                  R"(","param":null,"code":"a_code"}})");
}

TEST(Registry, OpenAiReadsOnlyResponsesItUnderstands) {
  const Registry registry;
  const Provider& openai = *registry.find("openai");
  const auto chat = registry.match("POST", "/v1/openai/chat/completions");
  const auto models = registry.match("GET", "/v1/openai/models");
  ASSERT_TRUE(chat && *chat && models && *models);
  EXPECT_NE(openai.scan((*chat)->route, {}), nullptr);
  EXPECT_EQ(openai.scan((*models)->route, {}), nullptr);
}

TEST(Registry, OpenAiDropsTheUsageChunkOnlyWhereItAskedForIt) {
  constexpr std::string_view kUsageChunk = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n";
  const Registry registry;
  const Provider& openai = *registry.find("openai");
  const auto chat = registry.match("POST", "/v1/openai/chat/completions");
  ASSERT_TRUE(chat && *chat);
  const call::Route& route = (*chat)->route;
  constexpr std::string_view kBody = R"({"model":"m","stream":true})";
  const auto verdict = [&](UsageOption option) {
    return openai.scan(route, openai.inspect(route, kBody, 0, option))->on_event(kUsageChunk);
  };
  EXPECT_EQ(verdict(UsageOption::kAskFor), Verdict::kDrop);
  EXPECT_EQ(verdict(UsageOption::kLeaveAlone), Verdict::kPass);
}

}  // namespace
}  // namespace archestra::providers
