#include "providers/anthropic/anthropic.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "providers/registry.h"

namespace archestra::providers {
namespace {

constexpr std::string_view kAgent = "6f1c2b34-8a4e-4d0f-9b21-0c5d7e8f9a10";

TEST(Anthropic, FindsTheWayOfACall) {
  struct Case {
    std::string_view method;
    std::string_view rest;
    std::string_view operation;
    std::string_view template_rest;
    std::string_view upstream;  // what stands behind the base URL
  };
  constexpr Case kCases[] = {
      {"POST", "/v1/messages", "messages", "/v1/messages", "/v1/messages"},
      {"POST", "/messages", "messages", "/v1/messages", "/v1/messages"},
      {"POST", "/v1/messages?beta=true", "messages", "/v1/messages", "/v1/messages?beta=true"},
      {"POST", "/messages?beta=true", "messages", "/v1/messages", "/v1/messages?beta=true"},
      {"POST", "/v1/messages/count_tokens?beta=true", "messages.count_tokens", "/v1/messages/count_tokens",
       "/v1/messages/count_tokens?beta=true"},
      {"POST", "/messages/count_tokens", "messages.count_tokens", "/v1/messages/count_tokens",
       "/v1/messages/count_tokens"},
      // An escaped letter is that letter to the provider, and is forwarded as it came.
      {"POST", "/v1/message%73", "messages", "/v1/messages", "/v1/message%73"},
      {"POST", "/%6Dessages?beta=true", "messages", "/v1/messages", "/v1/%6Dessages?beta=true"},
      {"POST", "/%76%31/messages", "messages", "/v1/messages", "/%76%31/messages"},
      // Everything else passes through: other methods,
      {"GET", "/v1/messages", "request", "/*", "/v1/messages"},
      {"GET", "/messages?a=b", "request", "/*", "/v1/messages?a=b"},
      {"post", "/v1/messages", "request", "/*", "/v1/messages"},
      // other paths, with /v1 or without,
      {"POST", "/v1/messages/batches", "request", "/*", "/v1/messages/batches"},
      {"POST", "/messages/batches", "request", "/*", "/v1/messages/batches"},
      {"GET", "/v1/models?limit=2", "request", "/*", "/v1/models?limit=2"},
      {"GET", "/models/claude-x", "request", "/*", "/v1/models/claude-x"},
      {"GET", "/files", "request", "/*", "/v1/files"},
      {"GET", "/vaults", "request", "/*", "/v1/vaults"},
      {"POST", "/v1/complete", "request", "/*", "/v1/complete"},
      {"POST", "/complete", "request", "/*", "/v1/complete"},
      {"GET", "/skills?a=/v1/x", "request", "/*", "/v1/skills?a=/v1/x"},
      // those that are below no version, or below another,
      {"POST", "/api/event_logging/batch", "request", "/*", "/api/event_logging/batch"},
      {"GET", "/api", "request", "/*", "/api"},
      {"GET", "/apis", "request", "/*", "/v1/apis"},
      {"POST", "/v2/messages", "request", "/*", "/v2/messages"},
      {"GET", "/v1beta/models", "request", "/*", "/v1beta/models"},
      {"GET", "/v1", "request", "/*", "/v1"},
      {"GET", "/v1/", "request", "/*", "/v1/"},
      {"HEAD", "/", "request", "/*", "/"},
      {"GET", "/?beta=true", "request", "/*", "/?beta=true"},
      {"GET", "/.well-known/x", "request", "/*", "/.well-known/x"},
      // and what only looks like the understood paths.
      {"POST", "/v1/messages/", "request", "/*", "/v1/messages/"},
      {"POST", "/messages/", "request", "/*", "/v1/messages/"},
      {"POST", "/v1/Messages", "request", "/*", "/v1/Messages"},
      {"POST", "/v1/messagesx", "request", "/*", "/v1/messagesx"},
      {"POST", "//messages", "request", "/*", "//messages"},
      {"POST", "//v1/messages", "request", "/*", "//v1/messages"},
      {"POST", "/v1/v1/messages", "request", "/*", "/v1/v1/messages"},
      {"POST", "/v1/messages/count_tokens/x", "request", "/*", "/v1/messages/count_tokens/x"},
  };
  const Registry registry;
  for (const Case& c : kCases) {
    for (const bool with_agent : {false, true}) {
      const std::string target =
          "/v1/anthropic" + (with_agent ? "/" + std::string(kAgent) : std::string()) + std::string(c.rest);
      SCOPED_TRACE(std::string(c.method) + " " + target);
      const auto match = registry.match(c.method, target);
      ASSERT_TRUE(match && *match);
      const call::Route& route = (*match)->route;
      EXPECT_EQ((*match)->provider, registry.find("anthropic"));
      EXPECT_EQ(route.provider, "anthropic");
      EXPECT_EQ(route.operation->name, c.operation);
      EXPECT_EQ(route.operation->observed, c.operation != "request");
      EXPECT_EQ(route.operation->gen_ai_operation, c.operation == "messages" ? "chat" : "");
      EXPECT_EQ(route.route_template, std::string("/v1/anthropic") + (with_agent ? "/:agentId" : "") +
                                          std::string(c.template_rest));
      EXPECT_EQ(std::string(route.upstream_prefix) + std::string(route.upstream_path), c.upstream);
      // A view of the target, not of something shorter-lived.
      EXPECT_EQ(route.upstream_path.data() + route.upstream_path.size(), target.data() + target.size());
      EXPECT_EQ(route.agent_id.has_value(), with_agent);
    }
  }
}

TEST(Anthropic, SpeaksForProvidersOfOtherNames) {
  const auto provider = make_anthropic("claude-proxy");
  EXPECT_EQ(provider->name(), "claude-proxy");
  const call::Route route = provider->route("POST", "/messages", true);
  EXPECT_EQ(route.provider, "claude-proxy");
  EXPECT_EQ(route.route_template, "/v1/claude-proxy/:agentId/v1/messages");
}

TEST(Anthropic, ReadsOnlyResponsesThatHaveFigures) {
  const auto provider = make_anthropic("anthropic");
  const auto scan_of = [&](std::string_view path) {
    return provider->scan(provider->route("POST", path, false), {});
  };
  EXPECT_NE(scan_of("/v1/messages"), nullptr);
  EXPECT_EQ(scan_of("/v1/messages/count_tokens"), nullptr);
  EXPECT_EQ(scan_of("/v1/models"), nullptr);
}

TEST(Anthropic, ReadsToolCallsOfMessagesAndToolsOfWhateverDeclaresThem) {
  constexpr std::string_view kBody =
      R"({"tools":[{"name":"f","input_schema":{}}],"messages":[{"content":[{"type":"tool_result","tool_use_id":"a"}]}]})";
  const auto provider = make_anthropic("anthropic");
  const auto route = [&](std::string_view path) { return provider->route("POST", path, false); };
  EXPECT_NE(provider->tool_calls(route("/v1/messages"), {}), nullptr);
  EXPECT_EQ(provider->tool_calls(route("/v1/messages/count_tokens"), {}), nullptr);
  EXPECT_EQ(provider->tool_calls(route("/v1/messages/batches"), {}), nullptr);
  for (const std::string_view path : {"/v1/messages", "/v1/messages/count_tokens"}) {
    EXPECT_NE(provider->inspect(route(path), kBody, 0, UsageOption::kAskFor).tools_hash, 0U);
    EXPECT_EQ(provider->declared_tools(route(path), kBody, 0).size(), 1U);
    EXPECT_EQ(provider->tool_history(route(path), kBody, 0).results.size(), 1U);
  }
  EXPECT_TRUE(provider->declared_tools(route("/v1/messages/batches"), kBody, 0).empty());
  EXPECT_EQ(provider->tool_history(route("/v1/messages/batches"), kBody, 0), ToolHistory{});
}

TEST(Anthropic, ReadsTheModelOfACount) {
  const auto provider = make_anthropic("anthropic");
  const call::Route route = provider->route("POST", "/v1/messages/count_tokens", false);
  const RequestFacts facts =
      provider->inspect(route, R"({"model":"m","messages":[]})", 0, UsageOption::kAskFor);
  EXPECT_EQ(facts.model, "m");
  EXPECT_TRUE(facts.usage_option.empty());
}

TEST(Anthropic, WordsErrorsAsItsSdksExpect) {
  struct Case {
    int status;
    std::string_view type;
  };
  constexpr Case kCases[] = {{400, "invalid_request_error"},
                             {401, "authentication_error"},
                             {403, "permission_error"},
                             {404, "not_found_error"},
                             {408, "invalid_request_error"},
                             {413, "request_too_large"},
                             {414, "invalid_request_error"},
                             {429, "rate_limit_error"},
                             {431, "invalid_request_error"},
                             {500, "api_error"},
                             {502, "api_error"},
                             {503, "overloaded_error"},
                             {504, "timeout_error"}};
  const auto provider = make_anthropic("anthropic");
  for (const Case& c : kCases)
    EXPECT_EQ(provider->error_body(c.status, "a_code", "It \"said\"\nno."),
              R"({"type":"error","error":{"type":")" + std::string(c.type) +
                  R"(","message":"It \"said\"\nno."},"request_id":null})");
}

}  // namespace
}  // namespace archestra::providers
