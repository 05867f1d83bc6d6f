#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/test_splits.h"
#include "providers/gemini/generate.h"

namespace archestra::providers::gemini {
namespace {

TEST(GenerateRequest, CountsFunctionResponses) {
  struct Case {
    std::string_view body;
    std::uint32_t count;
  };
  constexpr Case kCases[] = {
      {R"({"contents":[]})", 0},
      {R"({"contents":[{"role":"user","parts":[{"text":"functionResponse"}]}]})", 0},
      {R"({"tools":[],"contents":[{"parts":[{"text":"a"}]},{"parts":[{"functionCall":{"name":"f"}}]},
           {"parts":[{"functionResponse":{"name":"f","response":{"functionResponse":{}}}},
                     {"thoughtSignature":"x","functionResponse":{"name":"g"}}]},
           {"role":"model","parts":[{"text":"b"}]},{"parts":[{"functionResponse":{}}]}]})",
       3},
      {R"({"contents":[{"parts":[{"function_response":{"name":"f"}}]}]})", 1},
      // A list of one may stand without its brackets.
      {R"({"contents":{"parts":{"functionResponse":{}}}})", 1},
      {R"({"contents":{"parts":[{"functionResponse":{}},{"functionResponse":{}}]}})", 2},
      // The name counts in its own place only.
      {R"({"functionResponse":{},"parts":[{"functionResponse":{}}],"contents":[{"functionResponse":{}}]})",
       0},
      {R"({"contents":[{"parts":[{"functionResponse":null},{"functionResponse":"x"},{"functionResponse":[]}]}]})",
       0},
      {R"({"contents":"functionResponse"})", 0},
      {R"({"contents":[7,{"parts":[{"functionResponse":{}}]}]})", 0},
      {R"([{"contents":[{"parts":[{"functionResponse":{}}]}]}])", 0},
      // No JSON tells nothing.
      {"", 0},
      {R"({"contents":[{"parts":[{"functionResponse":{}}]}])", 0},
      {R"({"contents":[{"parts":[{"functionResponse":{}}]}]} x)", 0},
      {R"({"contents":[{"parts":[{"functionResponse":{}}]}],"a":})", 0},
  };
  for (const Case& c : kCases) {
    const http::ExactCopy exact(c.body);
    EXPECT_EQ(count_function_responses(exact.view(), 0), c.count) << c.body;
    for (const char behind : {' ', '}', ']'}) {
      const std::string with_slack = std::string(c.body) + std::string(64, behind);
      EXPECT_EQ(count_function_responses(std::string_view(with_slack).substr(0, c.body.size()), 64), c.count)
          << c.body << " followed by " << behind;
    }
  }
}

}  // namespace
}  // namespace archestra::providers::gemini
