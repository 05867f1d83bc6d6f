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
    EXPECT_EQ(inspect_generate_request(exact.view(), 0).tool_results, c.count) << c.body;
    for (const char behind : {' ', '}', ']'}) {
      const std::string with_slack = std::string(c.body) + std::string(64, behind);
      const std::string_view body = std::string_view(with_slack).substr(0, c.body.size());
      EXPECT_EQ(inspect_generate_request(body, 64).tool_results, c.count)
          << c.body << " followed by " << behind;
    }
  }
}

TEST(GenerateRequest, TellsWhatIsAskedForBesideTheContent) {
  using call::OutputType;
  struct Case {
    std::string_view body;
    call::RequestParameters parameters;
  };
  const call::RequestNumbers all{.max_tokens = 5,
                                 .temperature = 0.5,
                                 .top_p = 0.25,
                                 .top_k = 40,
                                 .frequency_penalty = -1,
                                 .presence_penalty = 2,
                                 .seed = 7,
                                 .choice_count = 3};
  const Case cases[] = {
      {R"({"contents":[],"generationConfig":{"maxOutputTokens":5,"temperature":0.5,"topP":0.25,"topK":40,
           "frequencyPenalty":-1,"presencePenalty":2,"seed":7,"candidateCount":3,"stopSequences":["a","b"],
           "responseMimeType":"application/json","responseSchema":{"type":"STRING"}}})",
       {.numbers = all, .output_type = OutputType::kJson, .stop_sequences = {"a", "b"}}},
      {R"({"generation_config":{"max_output_tokens":5,"temperature":0.5,"top_p":0.25,"top_k":40,
           "frequency_penalty":-1,"presence_penalty":2,"seed":7,"candidate_count":3,"stop_sequences":["a"],
           "response_mime_type":"text/plain"}})",
       {.numbers = all, .output_type = OutputType::kText, .stop_sequences = {"a"}}},
      {R"({"generationConfig":{"responseModalities":["TEXT","IMAGE"],"responseMimeType":"text/plain"}})",
       {.output_type = OutputType::kImage}},
      {R"({"generationConfig":{"response_modalities":["AUDIO"]}})", {.output_type = OutputType::kSpeech}},
      {R"({"content":{"parts":[{"text":"a"}]},"outputDimensionality":256})",
       {.numbers = {.dimension_count = 256}}},
      {R"({"requests":[{"content":{},"outputDimensionality":64},{"output_dimensionality":128}]})",
       {.numbers = {.dimension_count = 128}}},
      {R"({"temperature":1,"generationConfig":[{"temperature":1}]})", {}},
      {R"({"generationConfig":{"temperature":1})", {}},
  };
  for (const Case& c : cases) {
    const http::ExactCopy exact(c.body);
    EXPECT_TRUE(inspect_generate_request(exact.view(), 0).parameters == c.parameters) << c.body;
  }
}

TEST(GenerateRequest, HashesTheTextThatDeclaresTools) {
  const auto hash = [](std::string_view body) { return inspect_generate_request(body, 0).tools_hash; };
  const std::uint64_t one = hash(R"({"tools":[{"name":"f","a":[1,{"b":"]"}]}],"model":"m"})");
  EXPECT_NE(one, 0U);
  EXPECT_EQ(hash(R"({"model":"x","tools":[{"name":"f","a":[1,{"b":"]"}]}]})"), one);
  EXPECT_NE(hash(R"({"tools":[{"name":"g","a":[1,{"b":"]"}]}],"model":"m"})"), one);
  EXPECT_NE(hash(R"({"tools":[],"model":"m"})"), one);
  EXPECT_NE(hash(R"({"tools":{"name":"f"}})"), 0U);
  for (const std::string_view body :
       {"{}", R"({"tools":null})", R"({"tools":"x","model":"m"})", R"({"x":{"tools":[1]}})", "",
        R"({"tools":[1})", R"({"tools":[1]} x)", R"({"tools":[1],"a":})", R"({"tools":)"})
    EXPECT_EQ(hash(body), 0U) << body;
  // What stands behind it is read.
  EXPECT_EQ(
      inspect_generate_request(
          R"({"tools":[{"functionDeclarations":[]}],"contents":[{"parts":[{"functionResponse":{}}]}]})", 0)
          .tool_results,
      1U);
}

}  // namespace
}  // namespace archestra::providers::gemini
