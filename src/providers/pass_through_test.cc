#include "providers/pass_through.h"

#include <gtest/gtest.h>

#include "providers/registry.h"

namespace archestra::providers {
namespace {

constexpr HarmlessPath kPaths[] = {{"GET", "/models"}, {"GET", "/models/*"}, {"", "/images/**"}};

TEST(PassThrough, KnowsHarmlessPaths) {
  struct Case {
    std::string_view method;
    std::string_view path;
    bool harmless;
  };
  constexpr Case kCases[] = {
      {"GET", "/models", true},
      {"GET", "/models/gpt-4o", true},
      {"POST", "/models", false},
      {"GET", "/models/a/b", false},
      {"GET", "/model", false},
      {"GET", "/", false},
      {"GET", "", false},
      {"GET", "models", false},
      {"POST", "/images", true},
      {"DELETE", "/images/a/b/c", true},
      {"GET", "/imagesx", false},
      {"GET", "/models/", false},
      {"GET", "/images/../files", false},
      {"GET", "/models/..", false},
      {"GET", "/images//x", false},
      {"GET", "/images/%2e%2e/x", false},
      {"GET", "/images/a\\..", false},
      {"GET", "/models/a:b", false},
  };
  for (const Case& c : kCases) EXPECT_EQ(is_one_of(kPaths, c.method, c.path), c.harmless) << c.path;
}

// Of what the dialects know: what is not named here is refused where a policy could block.
TEST(PassThrough, DialectsNameWhatBringsNoToolCalls) {
  const Registry registry;
  struct Case {
    std::string_view method;
    std::string_view target;
    bool harmless;
  };
  constexpr Case kCases[] = {
      {"GET", "/v1/openai/models", true},
      {"GET", "/v1/openai/v1/models?limit=2", true},
      {"POST", "/v1/openai/audio/speech", true},
      {"POST", "/v1/openai/files", true},
      {"GET", "/v1/openai/files/file-1", true},
      {"GET", "/v1/openai/files/file-1/content", false},
      {"GET", "/v1/openai/responses/resp_1", false},
      {"GET", "/v1/openai/chat/completions/chatcmpl-1", false},
      {"POST", "/v1/openai/batches", false},
      {"POST", "/v1/openai/realtime/client_secrets", false},
      {"GET", "/v1/openai/conversations/conv_1/items", false},
      {"GET", "/v1/openai/threads/t/runs/r", false},
      {"GET", "/v1/anthropic/v1/models", true},
      {"GET", "/v1/anthropic/models/claude", true},
      {"POST", "/v1/anthropic/v1/files", true},
      {"GET", "/v1/anthropic/v1/files/f/content", false},
      {"POST", "/v1/anthropic/v1/messages/batches", false},
      {"GET", "/v1/anthropic/v1/messages/batches/b/results", false},
      {"GET", "/v1/gemini/v1beta/models", true},
      {"GET", "/v1/gemini/v1beta/models/gemini-2.0-flash", true},
      {"POST", "/v1/gemini/upload/v1beta/files", true},
      {"POST", "/v1/gemini/v1beta/cachedContents", true},
      {"POST", "/v1/gemini/v1beta/models/gemini-2.0-flash:batchGenerateContent", false},
      {"GET", "/v1/gemini/v1beta/batches/b", false},
      {"POST", "/v1/gemini/v1beta/interactions", false},
      {"GET", "/v1/gemini/v1beta/operations/o", false},
  };
  for (const Case& c : kCases) {
    const auto match = registry.match(c.method, c.target);
    ASSERT_TRUE(match && *match) << c.target;
    EXPECT_EQ((*match)->provider->brings_no_tool_calls(c.method, (*match)->route), c.harmless) << c.target;
  }
}

}  // namespace
}  // namespace archestra::providers
