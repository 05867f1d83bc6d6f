#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/test_splits.h"
#include "providers/gemini/generate.h"

namespace archestra::providers::gemini {
namespace {

using call::Provenance;
using testing::ElementsAre;
using testing::IsEmpty;

ResponseFacts read_body(std::string_view body) {
  const auto scan = make_generate_scan(Answer::kDocument);
  const http::ExactCopy exact(body);
  scan->on_body(exact.view(), 0);
  return scan->facts();
}

// The facts of chunks, as events or as elements.
class Stream {
 public:
  enum class Form : std::uint8_t { kEvents, kElements };
  explicit Stream(Form form = Form::kEvents) : form_(form) {}

  void raw(std::string_view event) {
    const http::ExactCopy exact(event);
    EXPECT_EQ(scan_->on_event(exact.view()), Verdict::kPass);
  }
  void chunk(std::string_view json) {
    raw(form_ == Form::kElements ? std::string(json) : "data: " + std::string(json) + "\r\n\r\n");
  }
  void text(std::string_view text) {
    chunk(R"({"candidates":[{"content":{"parts":[{"text":")" + std::string(text) + R"("}]}}]})");
  }
  void part(std::string_view members) { parts("{" + std::string(members) + "}"); }
  void parts(std::string_view parts) {
    chunk(R"({"candidates":[{"content":{"parts":[)" + std::string(parts) +
          R"(],"role":"model"},"index":0}]})");
  }
  const ResponseFacts& facts() const { return scan_->facts(); }

 private:
  const Form form_;
  std::unique_ptr<ResponseScan> scan_ = make_generate_scan(Answer::kStream);
};

constexpr Stream::Form kForms[] = {Stream::Form::kEvents, Stream::Form::kElements};

struct Expected {
  std::uint64_t input = 0, output = 0, cached = 0, reasoning = 0;
  Provenance provenance = Provenance::kProvider;
};

void expect_usage(const call::Usage& usage, const Expected& expected) {
  EXPECT_EQ(usage.provenance, expected.provenance);
  EXPECT_EQ(usage.input_tokens, expected.input);
  EXPECT_EQ(usage.output_tokens, expected.output);
  EXPECT_EQ(usage.cache_read_tokens, expected.cached);
  EXPECT_EQ(usage.cache_write_tokens, 0u);
  EXPECT_EQ(usage.reasoning_tokens, expected.reasoning);
}

// --- A whole answer ---------------------------------------------------------------------------------------

TEST(GenerateResponse, ReadsAWholeAnswer) {
  const ResponseFacts facts = read_body(R"({
    "candidates": [{"content": {"parts": [{"text": "Hmm.", "thought": true}, {"text": "Hi \"there\""}], "role": "model"},
                    "finishReason": "STOP", "avgLogprobs": -0.1}],
    "usageMetadata": {"promptTokenCount": 100, "toolUsePromptTokenCount": 20, "cachedContentTokenCount": 64,
                      "candidatesTokenCount": 7, "thoughtsTokenCount": 30, "totalTokenCount": 157,
                      "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}]},
    "modelVersion": "gemini-2.5-flash", "responseId": "abc"})");
  EXPECT_EQ(facts.id, "abc");
  EXPECT_EQ(facts.model, "gemini-2.5-flash");
  EXPECT_THAT(facts.finish_reasons, ElementsAre("STOP"));
  EXPECT_EQ(facts.tool_calls, 0u);
  EXPECT_EQ(facts.error_type, "");
  expect_usage(facts.usage, {.input = 120, .output = 37, .cached = 64, .reasoning = 30});
}

TEST(GenerateResponse, ReadsUsageAsFarAsItIsThere) {
  struct Case {
    std::string_view usage;
    Expected expected;
  };
  const Case kCases[] = {
      {R"({})", {}},
      {R"({"promptTokenCount":1})", {.input = 1}},
      {R"({"candidatesTokenCount":2})", {.output = 2}},
      {R"({"thoughtsTokenCount":2})", {.output = 2, .reasoning = 2}},
      {R"({"toolUsePromptTokenCount":3})", {.input = 3}},
      {R"({"cachedContentTokenCount":3,"promptTokenCount":4})", {.input = 4, .cached = 3}},
      {R"({"candidatesTokenCount":2,"promptTokenCount":1,"candidatesTokenCount":3})",
       {.input = 1, .output = 3}},
      // The names count in their own places only, and only with a count.
      {R"({"promptTokensDetails":[{"promptTokenCount":5}],"x":{"candidatesTokenCount":6}})", {}},
      {R"({"promptTokenCount":null,"candidatesTokenCount":2})", {.output = 2}},
      {R"({"promptTokenCount":-1,"candidatesTokenCount":2})", {.output = 2}},
      {R"({"promptTokenCount":1.5,"candidatesTokenCount":2})", {.output = 2}},
      {R"({"promptTokenCount":"1","candidatesTokenCount":2})", {.output = 2}},
      {R"({"promptTokenCount":[1],"candidatesTokenCount":2})", {.output = 2}},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.usage);
    const std::string body = R"({"usageMetadata":)" + std::string(c.usage) + R"(,"responseId":"behind"})";
    expect_usage(read_body(body).usage, c.expected);
    EXPECT_EQ(read_body(body).id, "behind") << "reading goes on behind the usage";
  }
  for (const char* body : {R"({"candidates":[]})", R"({"usageMetadata":null})", R"({"usageMetadata":[]})",
                           R"({"usageMetadata":7})", R"([{"usageMetadata":{"promptTokenCount":1}}])",
                           R"({"candidates":[{"usageMetadata":{"promptTokenCount":1}}]})"})
    expect_usage(read_body(body).usage, {.provenance = Provenance::kUnknown});
}

TEST(GenerateResponse, ReadsEmbeddings) {
  expect_usage(read_body(R"({"embedding":{"values":[0.1,-2e-3]}})").usage,
               {.provenance = Provenance::kUnknown});
  expect_usage(read_body(R"({"embeddings":[{"values":[0.1]}],"usageMetadata":{"promptTokenCount":9}})").usage,
               {.input = 9});
}

TEST(GenerateResponse, ReadsCandidatesByIndexOrPlace) {
  EXPECT_THAT(read_body(R"({"candidates":[{"finishReason":"A"},{"finishReason":"B"}]})").finish_reasons,
              ElementsAre("A", "B"));
  EXPECT_THAT(read_body(R"({"candidates":[{"finishReason":"A","index":1},{"index":0,"finishReason":"B"}]})")
                  .finish_reasons,
              ElementsAre("B", "A"));
  EXPECT_THAT(read_body(R"({"candidates":[{"finishReason":"A","index":2}]})").finish_reasons,
              ElementsAre("", "", "A"));
  EXPECT_THAT(read_body(R"({"candidates":[{"finishReason":"A","index":128}]})").finish_reasons, IsEmpty());
  EXPECT_THAT(read_body(R"({"candidates":[{"finishReason":"A","index":-1}]})").finish_reasons,
              ElementsAre("A"));
  EXPECT_THAT(read_body(R"({"candidates":[{"finishReason":""},{"finishReason":null},{"finishReason":1}]})")
                  .finish_reasons,
              IsEmpty());
}

TEST(GenerateResponse, CountsFunctionCalls) {
  struct Case {
    std::string_view parts;
    std::uint32_t calls;
  };
  constexpr Case kCases[] = {
      {R"({"functionCall":{"name":"f","args":{"functionCall":{}}}})", 1},
      {R"({"functionCall":{"name":"f"},"thoughtSignature":"x"},{"text":"a"},{"functionCall":{"name":"f"}})",
       2},
      {R"({"text":"functionCall"},{"executableCode":{"code":"f"}},{"codeExecutionResult":{"output":"1"}})",
       0},
      {R"({"functionCall":null},{"functionCall":"f"},{"functionCalls":{}})", 0},
      {R"({"functionCall":{"name":"f","willContinue":true}},{"functionCall":{}},{"functionCall":{"name":"g"}})",
       2},
      {R"({"functionCall":{"name":"f","willContinue":false}},{"functionCall":{"willContinue":1}},{"functionCall":{}})",
       3},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(
        read_body(R"({"candidates":[{"content":{"parts":[)" + std::string(c.parts) + "]}}]}").tool_calls,
        c.calls)
        << c.parts;
  EXPECT_EQ(read_body(R"({"candidates":[{"content":{"parts":[{"functionCall":{}}]}},
                                        {"content":{"parts":[{"functionCall":{}}]}}]})")
                .tool_calls,
            2u);
}

TEST(GenerateResponse, WhatIsNoJsonObjectTellsNothing) {
  for (const std::string_view body :
       {"", "null", "<html></html>", R"([{"responseId":"a"}])", R"({"responseId":"a")",
        R"({"responseId":"a","usageMetadata":{"promptTokenCount":1})",
        R"({"responseId":"a","candidates":[{"finishReason":"STOP"}],"x":})", R"({"responseId":"a"}})",
        R"({"responseId":"a"} {})"}) {
    for (const char behind : {' ', '}', ']'}) {
      const std::string with_slack = std::string(body) + std::string(64, behind);
      const auto scan = make_generate_scan(Answer::kDocument);
      scan->on_body(std::string_view(with_slack).substr(0, body.size()), 64);
      EXPECT_EQ(scan->facts().id, "") << body;
      EXPECT_EQ(scan->facts().usage.provenance, Provenance::kUnknown) << body;
      EXPECT_FALSE(scan->facts().ended) << body;
    }
  }
}

TEST(GenerateResponse, KnowsErrors) {
  EXPECT_EQ(read_body(R"({"error":{"code":503,"message":"m","status":"UNAVAILABLE"}})").error_type,
            "UNAVAILABLE");
  EXPECT_EQ(read_body(R"({"error":{"code":503}})").error_type, "error");
  EXPECT_EQ(read_body(R"({"error":{"status":7}})").error_type, "error");
  EXPECT_EQ(read_body(R"({"error":null})").error_type, "");
  for (const Stream::Form form : kForms) {
    Stream stream(form);
    stream.text("a");
    stream.chunk(R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}})");
    EXPECT_EQ(stream.facts().error_type, "RESOURCE_EXHAUSTED");
    EXPECT_FALSE(stream.facts().ended);
  }
}

// --- Streams ----------------------------------------------------------------------------------------------

// Chunks as they come from models that think; each repeats the usage so far.
std::string thinking_chunk(std::string_view text, int candidates, int thoughts,
                           std::string_view finish = "") {
  std::string chunk =
      R"({"candidates": [{"content": {"parts": [{"text": ")" + std::string(text) + R"("}],"role": "model"},)";
  if (!finish.empty()) chunk += R"("finishReason": ")" + std::string(finish) + "\",";
  return chunk + R"("index": 0}],"usageMetadata": {"promptTokenCount": 17,"candidatesTokenCount": )" +
         std::to_string(candidates) + R"(,"totalTokenCount": )" + std::to_string(17 + candidates + thoughts) +
         R"(,"thoughtsTokenCount": )" + std::to_string(thoughts) +
         R"(},"modelVersion": "gemini-2.5-pro","responseId": "r1"})";
}

TEST(GenerateStream, ReadsEachChunk) {
  for (const Stream::Form form : kForms) {
    Stream stream(form);
    for (int i = 1; i <= 5; ++i) {
      stream.chunk(thinking_chunk("text \\\"" + std::to_string(i), i * 10, 40));
      expect_usage(stream.facts().usage, {.input = 17,
                                          .output = 40 + static_cast<std::uint64_t>(i) * 10,
                                          .reasoning = 40,
                                          .provenance = Provenance::kEstimate});
      EXPECT_FALSE(stream.facts().ended);
    }
    stream.chunk(thinking_chunk("the end", 55, 41, "MAX_TOKENS"));
    expect_usage(stream.facts().usage, {.input = 17, .output = 96, .reasoning = 41});
    EXPECT_TRUE(stream.facts().ended);
    EXPECT_EQ(stream.facts().content_events, 6u);
    EXPECT_EQ(stream.facts().model, "gemini-2.5-pro");
    EXPECT_EQ(stream.facts().id, "r1");
    EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("MAX_TOKENS"));
  }
}

// A chunk that is known by the one before it says what it would say to the parser.
TEST(GenerateStream, KnowsChunksByTheirShape) {
  const std::vector<std::string> chunks = {
      thinking_chunk("a", 1, 5),
      thinking_chunk("b", 2, 5),
      thinking_chunk("", 3, 5),
      thinking_chunk("c", 300000, 77),
      thinking_chunk("\\u00e4", 4, 5),
      thinking_chunk("d", 0, 0),
      R"({"usageMetadata":{"cachedContentTokenCount":9,"candidatesTokenCount":6}})",
      thinking_chunk("e", 5, 6),
      thinking_chunk("f", 7, 8),
      R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]})",
      R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]})",
      R"({"candidates":[{"content":{"parts":[{"text":"x","functionCall":{"name":"f"}}]}}]})",
      R"({"candidates":[{"content":{"parts":[{"text":"x","functionCall":{"name":"f"}}]}}]})",
      thinking_chunk("g", 8, 8, "STOP"),
      thinking_chunk("h", 9, 8, "STOP"),
      thinking_chunk("i", 9, 8, "OTHER"),
  };
  Stream stream;
  Stream parsed;  // behind a comment that is another each time no chunk is known by its shape
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    stream.chunk(chunks[i]);
    parsed.raw(":" + std::to_string(i) + "\ndata: " + chunks[i] + "\n\n");
    SCOPED_TRACE(chunks[i]);
    const ResponseFacts& expected = parsed.facts();
    expect_usage(stream.facts().usage, {.input = expected.usage.input_tokens,
                                        .output = expected.usage.output_tokens,
                                        .cached = expected.usage.cache_read_tokens,
                                        .reasoning = expected.usage.reasoning_tokens,
                                        .provenance = expected.usage.provenance});
    EXPECT_EQ(stream.facts().content_events, expected.content_events);
    EXPECT_EQ(stream.facts().tool_calls, expected.tool_calls);
    EXPECT_EQ(stream.facts().finish_reasons, expected.finish_reasons);
    EXPECT_EQ(stream.facts().ended, expected.ended);
  }
  EXPECT_EQ(stream.facts().usage.cache_read_tokens, 9u) << "what is left out keeps its value";
  EXPECT_EQ(stream.facts().tool_calls, 4u);
}

TEST(GenerateStream, KeepsWhatAChunkLeavesOut) {
  Stream stream;
  stream.chunk(
      R"({"usageMetadata":{"promptTokenCount":15,"cachedContentTokenCount":8,"totalTokenCount":15}})");
  stream.chunk(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"candidatesTokenCount":3}})");
  expect_usage(stream.facts().usage, {.input = 15, .output = 3, .cached = 8});
  stream.chunk(R"({"usageMetadata":{"promptTokenCount":13}})");  // behind its end, too
  expect_usage(stream.facts().usage, {.input = 13, .output = 3, .cached = 8});
}

TEST(GenerateStream, HasItsLastWordOnlyAtItsEnd) {
  Stream stream;
  stream.chunk(
      R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":15}})");
  expect_usage(stream.facts().usage, {.input = 15, .provenance = Provenance::kEstimate});
  stream.chunk(R"({"candidates":[{"finishReason":"STOP"}]})");
  expect_usage(stream.facts().usage, {.input = 15});
}

TEST(GenerateStream, EndsWithAReason) {
  struct Case {
    std::string_view chunk;
    bool ended;
  };
  constexpr Case kCases[] = {
      {R"({"candidates":[{"finishReason":"STOP","index":0}]})", true},
      {R"({"candidates":[{"finishReason":"SAFETY","index":1}]})", true},
      {R"({"promptFeedback":{"blockReason":"SAFETY"}})", true},
      {R"({"promptFeedback":{"safetyRatings":[]}})", false},
      {R"({"promptFeedback":{"blockReason":""}})", false},
      {R"({"promptFeedback":null})", false},
      {R"({"candidates":[{"finishReason":null}]})", false},
      {R"({"candidates":[{"finishMessage":"STOP"}]})", false},
      {R"({"candidates":[],"usageMetadata":{"promptTokenCount":1}})", false},
      {R"({"candidates":[{"finishReason":"STOP"}])", false},
  };
  for (const Case& c : kCases) {
    for (const Stream::Form form : kForms) {
      Stream stream(form);
      stream.chunk(c.chunk);
      EXPECT_EQ(stream.facts().ended, c.ended) << c.chunk;
    }
  }
}

TEST(GenerateStream, KnowsContent) {
  struct Case {
    std::string_view parts;
    bool is_content;
  };
  constexpr Case kCases[] = {
      {R"({"text":"a"})", true},
      {R"({"text":"a","thought":true})", true},
      {R"({"text":""},{"text":" "})", true},
      {R"({"functionCall":{"name":"f"}})", true},
      {R"({"functionCall":{"partialArgs":[],"willContinue":true}})", true},
      {R"({"executableCode":{"code":"1"}})", true},
      {R"({"codeExecutionResult":{"outcome":"OUTCOME_OK"}})", true},
      {R"({"inlineData":{"mimeType":"image/png","data":"aGk="}})", true},
      {R"({"fileData":{"fileUri":"u"}})", true},
      {"", false},
      {R"({"text":""})", false},
      {R"({"text":"","thoughtSignature":"abc"})", false},
      {R"({"text":null})", false},
      {R"({"thoughtSignature":"abc"})", false},
  };
  for (const Case& c : kCases) {
    for (const Stream::Form form : kForms) {
      Stream stream(form);
      stream.parts(c.parts);
      stream.parts(c.parts);
      EXPECT_EQ(stream.facts().content_events, c.is_content ? 2u : 0u) << c.parts;
    }
  }
}

TEST(GenerateStream, CountsACallOnceWhoseArgumentsComeInPieces) {
  Stream stream;
  stream.part(R"("functionCall":{"name":"f","willContinue":true})");
  stream.part(R"("functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"x"}],"willContinue":true})");
  stream.text("between");
  stream.part(R"("functionCall":{})");
  EXPECT_EQ(stream.facts().tool_calls, 1u);
  stream.part(R"("functionCall":{"name":"g"})");
  EXPECT_EQ(stream.facts().tool_calls, 2u);
  // Each candidate has its own.
  stream.chunk(
      R"({"candidates":[{"content":{"parts":[{"functionCall":{"willContinue":true}}]},"index":1}]})");
  stream.chunk(R"({"candidates":[{"content":{"parts":[{"functionCall":{}}]},"index":0}]})");
  stream.chunk(
      R"({"candidates":[{"index":1,"content":{"parts":[{"functionCall":{}},{"functionCall":{}}]}}]})");
  EXPECT_EQ(stream.facts().tool_calls, 5u);
}

TEST(GenerateStream, WhatMakesNoSenseTellsNothing) {
  for (const std::string_view event :
       {"", "\n", ": ping\n\n", "event: x\n\n", "data: [DONE]\n\n", "data:\n\n", "data: {\n\n", "{", "[]",
        "{\"responseId\":\"a\"",
        "data: {\"responseId\":\"a\",\"candidates\":[{\"finishReason\":\"STOP\"}]\n\n",
        "data: {\"usageMetadata\":{\"promptTokenCount\":1},\"x\"}\n\n",
        "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{}}]}}],}",
        "data: [{\"responseId\":\"a\"}]\n\n"}) {
    Stream stream;
    stream.raw(event);
    EXPECT_EQ(stream.facts().id, "") << event;
    EXPECT_EQ(stream.facts().tool_calls, 0u) << event;
    EXPECT_EQ(stream.facts().content_events, 0u) << event;
    EXPECT_FALSE(stream.facts().ended) << event;
    EXPECT_EQ(stream.facts().usage.provenance, Provenance::kUnknown) << event;
  }
}

TEST(GenerateStream, ReadsEventsInAnyLayout) {
  for (const std::string_view event :
       {"data:{\"responseId\":\"a\"}\n\n", "event: message\ndata: {\"responseId\":\ndata: \"a\"}\n\n",
        "\xEF\xBB\xBF"
        "data: {\"responseId\":\"a\"}\r\r"}) {
    Stream stream;
    stream.raw(event);
    EXPECT_EQ(stream.facts().id, "a") << event;
  }
  Stream lines;
  for (int i = 0; i < 3; ++i)
    lines.raw("data: {\"candidates\":[{\"content\":\ndata: {\"parts\":[{\"text\":\"a\"}]}}]}\n\n");
  EXPECT_EQ(lines.facts().content_events, 3u);
}

TEST(GenerateStream, ReadsLargeChunks) {
  for (const Stream::Form form : kForms) {
    Stream stream(form);
    const std::string large(100'000, 'x');
    std::string part = R"({"text":")";
    part.append(large).append(R"(","thoughtSignature":")").append(large).append("\"}");
    stream.parts(part);
    stream.parts(part);
    EXPECT_EQ(stream.facts().content_events, 2u);
  }
}

}  // namespace
}  // namespace archestra::providers::gemini
