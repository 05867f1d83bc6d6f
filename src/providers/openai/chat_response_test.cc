#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/test_splits.h"
#include "providers/openai/chat.h"

namespace archestra::providers::openai {
namespace {

using call::Provenance;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kSlack = 64;

ResponseFacts read_body(std::string_view body) {
  const auto scan = make_chat_scan(UsageChunk::kPass);
  const http::ExactCopy exact(body);
  scan->on_body(exact.view(), 0);
  return scan->facts();
}

// The facts of events, each "data: " + text.
class Stream {
 public:
  explicit Stream(UsageChunk usage_chunk = UsageChunk::kPass) : scan_(make_chat_scan(usage_chunk)) {}

  Verdict raw(std::string_view event) {
    const http::ExactCopy exact(event);
    return scan_->on_event(exact.view());
  }
  Verdict data(std::string_view json) { return raw("data: " + std::string(json) + "\n\n"); }
  Verdict delta(std::string_view members) {
    return data(R"({"choices":[{"index":0,"delta":{)" + std::string(members) + "}}]}");
  }
  const ResponseFacts& facts() const { return scan_->facts(); }

 private:
  std::unique_ptr<ResponseScan> scan_;
};

void expect_usage(const call::Usage& usage, std::uint64_t input, std::uint64_t output, std::uint64_t cached,
                  std::uint64_t reasoning, Provenance provenance = Provenance::kProvider) {
  EXPECT_EQ(usage.provenance, provenance);
  EXPECT_EQ(usage.input_tokens, input);
  EXPECT_EQ(usage.output_tokens, output);
  EXPECT_EQ(usage.cache_read_tokens, cached);
  EXPECT_EQ(usage.cache_write_tokens, 0u);
  EXPECT_EQ(usage.reasoning_tokens, reasoning);
}

// --- A whole answer ---------------------------------------------------------------------------------------

TEST(ChatResponse, ReadsTierAndFingerprint) {
  const ResponseFacts facts = read_body(R"({"id":"a","service_tier":"default","system_fingerprint":"fp_1"})");
  EXPECT_EQ(facts.service_tier, "default");
  EXPECT_EQ(facts.system_fingerprint, "fp_1");
  const ResponseFacts none = read_body(R"({"id":"a","service_tier":null,"system_fingerprint":null})");
  EXPECT_EQ(none.service_tier, "");
  EXPECT_EQ(none.system_fingerprint, "");

  Stream stream;
  stream.data(R"({"choices":[],"service_tier":null,"system_fingerprint":null})");
  stream.data(R"({"choices":[],"service_tier":"flex","system_fingerprint":"fp_2"})");
  stream.data(R"({"choices":[],"service_tier":"default","system_fingerprint":"fp_3"})");
  EXPECT_EQ(stream.facts().service_tier, "flex");
  EXPECT_EQ(stream.facts().system_fingerprint, "fp_2");
}

TEST(ChatResponse, ReadsAWholeAnswer) {
  const ResponseFacts facts = read_body(R"({
    "id": "chatcmpl-abc", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-2024-08-06",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi \"there\" \ud83d\ude00",
                 "refusal": null, "annotations": []}, "logprobs": null, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1200, "completion_tokens": 340, "total_tokens": 1540,
              "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 7},
              "completion_tokens_details": {"reasoning_tokens": 320, "accepted_prediction_tokens": 5}},
    "service_tier": "default", "system_fingerprint": "fp_1"})");
  EXPECT_EQ(facts.id, "chatcmpl-abc");
  EXPECT_EQ(facts.model, "gpt-4o-2024-08-06");
  EXPECT_THAT(facts.finish_reasons, ElementsAre("stop"));
  EXPECT_EQ(facts.tool_calls, 0u);
  EXPECT_EQ(facts.error_type, "");
  expect_usage(facts.usage, 1200, 340, 1024, 320);
}

TEST(ChatResponse, ReadsUsageAsFarAsItIsThere) {
  struct Case {
    std::string_view usage;
    std::uint64_t input = 0, output = 0, cached = 0, reasoning = 0;
  };
  constexpr Case kCases[] = {
      {R"({})"},
      {R"({"prompt_tokens":1})", 1},
      {R"({"completion_tokens":2})", 0, 2},
      {R"({"completion_tokens":2,"prompt_tokens":1,"prompt_tokens":3})", 3, 2},
      {R"({"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":null,"completion_tokens_details":null})",
       1, 2},
      {R"({"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":null}})", 1},
      {R"({"prompt_tokens":1,"prompt_tokens_details":{},"completion_tokens_details":{}})", 1},
      {R"({"prompt_tokens":9,"prompt_tokens_details":[{"cached_tokens":4}],"completion_tokens":3})", 9, 3},
      // As servers word it that speak the responses operation behind this one.
      {R"({"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":3,)"
       R"("output_tokens_details":{"reasoning_tokens":2}})",
       9, 3, 4, 2},
      {R"({"prompt_tokens":9,"prompt_tokens_details":{"audio_tokens":1,"cached_tokens":4},"completion_tokens":3})",
       9, 3, 4},
      {R"({"completion_tokens_details":{"reasoning_tokens":4},"completion_tokens":5})", 0, 5, 0, 4},
      // The names count in their own places only.
      {R"({"prompt_tokens":1,"cached_tokens":5,"reasoning_tokens":6})", 1},
      {R"({"prompt_tokens":1,"prompt_tokens_details":{"reasoning_tokens":6},)"
       R"("completion_tokens_details":{"cached_tokens":5}})",
       1},
      // What is no count is not taken.
      {R"({"prompt_tokens":-1,"completion_tokens":2})", 0, 2},
      {R"({"prompt_tokens":1.5,"completion_tokens":2})", 0, 2},
      {R"({"prompt_tokens":"1","completion_tokens":2})", 0, 2},
      {R"({"prompt_tokens":true,"completion_tokens":2})", 0, 2},
      {R"({"prompt_tokens":{"a":[1]},"completion_tokens":2})", 0, 2},
      {R"({"prompt_tokens":18446744073709551615,"completion_tokens":2})", 18446744073709551615u, 2},
      {R"({"prompt_tokens":18446744073709551616,"completion_tokens":2})", 0, 2},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.usage);
    const std::string json = R"({"choices":[],"usage":)" + std::string(c.usage) + R"(,"id":"behind"})";
    expect_usage(read_body(json).usage, c.input, c.output, c.cached, c.reasoning);
    EXPECT_EQ(read_body(json).id, "behind") << "reading goes on behind the usage";
    Stream stream;
    stream.data(json);
    expect_usage(stream.facts().usage, c.input, c.output, c.cached, c.reasoning);
  }
}

TEST(ChatResponse, KnowsNoUsageWhereThereIsNone) {
  for (
      const char* body :
      {R"({"choices":[]})", R"({"usage":null})", R"({"usage":[]})", R"({"usage":"prompt_tokens"})",
       R"({"usage":7})", R"({"x":{"usage":{"prompt_tokens":1}}})", R"([{"usage":{"prompt_tokens":1}}])",
       R"({"choices":[{"message":{"content":"\"usage\":{\"prompt_tokens\":1}","usage":{"prompt_tokens":1}}}]})"}) {
    const ResponseFacts facts = read_body(body);
    EXPECT_EQ(facts.usage.provenance, Provenance::kUnknown) << body;
    EXPECT_EQ(facts.usage.input_tokens, 0u) << body;
  }
}

TEST(ChatResponse, WhatIsNoJsonObjectTellsNothing) {
  for (const std::string_view body :
       {std::string_view(""), std::string_view(" "), std::string_view("null"),
        std::string_view("<html></html>"), std::string_view("upstream connect error"), std::string_view("{"),
        std::string_view("}"), std::string_view(R"({"id":"a","usage":{"prompt_tokens":12)"),
        std::string_view(R"({"id":"a","usage":{"prompt_tokens":12})"),
        std::string_view(R"({"id":"a","usage":{"prompt_tokens":12}},)"),
        std::string_view(R"({"id":"a","usage":{"prompt_tokens":12}}})"),
        std::string_view(R"({"id":"a","usage":{"prompt_tokens":12}} {})"),
        std::string_view(R"({"id":"a","usage":{"prompt_tokens":12},"x":"y":1}","z":1})"),
        std::string_view("{\"id\":\"a\",\"x\":\"\xFF\"}"), std::string_view("\xEF\xBB\xBF{\"id\":\"a\"}")}) {
    for (const char behind : {' ', '}', '3', ',', '"', ']'}) {
      const std::string with_slack = std::string(body) + std::string(kSlack, behind);
      const auto scan = make_chat_scan(UsageChunk::kPass);
      scan->on_body(std::string_view(with_slack).substr(0, body.size()), kSlack);
      EXPECT_EQ(scan->facts().id, "") << body;
      EXPECT_EQ(scan->facts().usage.provenance, Provenance::kUnknown) << body << " followed by " << behind;
    }
    EXPECT_EQ(read_body(body).id, "") << body;
  }
}

TEST(ChatResponse, ReadsTheChoicesOfAWholeAnswer) {
  const ResponseFacts facts = read_body(R"({"choices":[
    {"index":0,"message":{"content":"a"},"finish_reason":"stop"},
    {"index":1,"message":{"content":null,"tool_calls":[
      {"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}},
      {"id":"call_2","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"},
    {"index":2,"message":{"content":null,"tool_calls":[
      {"id":"call_3","type":"custom","custom":{"name":"g","input":"x"}}]},"finish_reason":"tool_calls"},
    {"index":3,"message":{"content":null,"function_call":{"name":"h","arguments":"{}"}},
     "finish_reason":"function_call"}]})");
  EXPECT_THAT(facts.finish_reasons, ElementsAre("stop", "tool_calls", "tool_calls", "function_call"));
  EXPECT_EQ(facts.tool_calls, 4u);
}

TEST(ChatResponse, ReadsWhatWasWrittenToTheCache) {
  const ResponseFacts facts = read_body(
      R"({"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":5}}})");
  EXPECT_EQ(facts.usage.cache_read_tokens, 2u);
  EXPECT_EQ(facts.usage.cache_write_tokens, 5u);
}

// The same reader, for what looks the same.
TEST(ChatResponse, ReadsLegacyCompletions) {
  const ResponseFacts facts = read_body(R"({"id":"cmpl-1","object":"text_completion","model":"davinci:x",
    "choices":[{"text":"\u00e9","index":0,"logprobs":null,"finish_reason":"length"},
               {"text":"b","index":1,"logprobs":null,"finish_reason":"stop"}],
    "usage":{"prompt_tokens":8,"completion_tokens":16,"total_tokens":24}})");
  EXPECT_EQ(facts.id, "cmpl-1");
  EXPECT_EQ(facts.model, "davinci:x");
  EXPECT_THAT(facts.finish_reasons, ElementsAre("length", "stop"));
  expect_usage(facts.usage, 8, 16, 0, 0);
}

TEST(ChatResponse, ReadsEmbeddings) {
  std::string body = R"({"object":"list","data":[)";
  for (int i = 0; i < 500; ++i) {
    if (i > 0) body += ',';
    body += R"({"object":"embedding","index":)" + std::to_string(i) + R"(,"embedding":[)";
    for (int j = 0; j < 300; ++j) body += "-0.0123456789,";
    body += "1e-7]}";
  }
  body += R"(],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}})";
  const ResponseFacts facts = read_body(body);
  EXPECT_EQ(facts.model, "text-embedding-3-small");
  EXPECT_EQ(facts.id, "");
  EXPECT_THAT(facts.finish_reasons, IsEmpty());
  expect_usage(facts.usage, 8, 0, 0, 0);
  EXPECT_EQ(read_body(body.substr(0, body.size() - 1)).usage.provenance, Provenance::kUnknown);
}

TEST(ChatResponse, CountsNoCallWhereThereIsNone) {
  for (const char* message :
       {R"({"tool_calls":null})", R"({"tool_calls":[]})", R"({"tool_calls":{}})", R"({"tool_calls":"f"})",
        R"({"function_call":null})", R"({"function_call":"auto"})", R"({"content":"tool_calls"})", R"(null)",
        R"([])"}) {
    const ResponseFacts facts = read_body(R"({"choices":[{"index":0,"message":)" + std::string(message) +
                                          R"(,"finish_reason":"stop"}]})");
    EXPECT_EQ(facts.tool_calls, 0u) << message;
    EXPECT_THAT(facts.finish_reasons, ElementsAre("stop")) << message;
  }
}

TEST(ChatResponse, ReadsErrors) {
  struct Case {
    std::string_view body;
    std::string_view type;
  };
  constexpr Case kCases[] = {
      {R"({"error":{"message":"no","type":"invalid_request_error","param":null,"code":"x"}})",
       "invalid_request_error"},
      {R"({"error":{"code":429,"type":"tokens"}})", "tokens"},
      {R"({"error":{"code":"overloaded","type":null}})", "overloaded"},
      {R"({"error":{}})", "error"},
      {R"({"error":{"message":"no","type":null}})", "error"},
      {R"({"error":{"message":"no","type":""}})", "error"},
      {R"({"error":{"message":"no","type":500}})", "error"},
      {R"({"error":null,"choices":[]})", ""},
      {R"({"errors":{"type":"a"},"x":{"error":{"type":"b"}}})", ""},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(read_body(c.body).error_type, c.type) << c.body;
    Stream stream;
    EXPECT_EQ(stream.data(c.body), Verdict::kPass);
    EXPECT_EQ(stream.facts().error_type, c.type) << c.body;
  }
}

// --- Streams ----------------------------------------------------------------------------------------------

TEST(ChatStream, ReadsAWholeStream) {
  for (const char* line_end : {"\n", "\r\n", "\r"}) {
    Stream stream(UsageChunk::kDrop);
    const auto event = [&](std::string_view json) {
      return stream.raw("data: " + std::string(json) + line_end + line_end);
    };
    EXPECT_EQ(
        event(R"({"id":"chatcmpl-1","model":"gpt-4o-x","choices":[{"index":0,"delta":{"role":"assistant",)"
              R"("content":"","refusal":null},"finish_reason":null}],"usage":null})"),
        Verdict::kPass);
    EXPECT_EQ(stream.facts().content_events, 0u);
    EXPECT_EQ(event(R"({"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":null})"),
              Verdict::kPass);
    EXPECT_EQ(event(R"({"choices":[{"index":0,"delta":{"content":"!"}}]})"), Verdict::kPass);
    EXPECT_EQ(event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null})"),
              Verdict::kPass);
    EXPECT_EQ(stream.facts().usage.provenance, Provenance::kUnknown);
    EXPECT_EQ(event(R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}})"), Verdict::kDrop);
    EXPECT_FALSE(stream.facts().ended);
    EXPECT_EQ(event("[DONE]"), Verdict::kPass);
    const ResponseFacts& facts = stream.facts();
    EXPECT_TRUE(facts.ended);
    EXPECT_EQ(facts.id, "chatcmpl-1");
    EXPECT_EQ(facts.model, "gpt-4o-x");
    EXPECT_EQ(facts.content_events, 2u);
    EXPECT_THAT(facts.finish_reasons, ElementsAre("stop"));
    expect_usage(facts.usage, 9, 2, 0, 0);
  }
}

TEST(ChatStream, DropsTheUsageChunkAndNothingElse) {
  struct Case {
    std::string_view json;
    bool dropped = false;
  };
  constexpr Case kCases[] = {
      {R"({"choices":[],"usage":{"prompt_tokens":1}})", true},
      {R"({"usage":{"prompt_tokens":1},"choices":[ ]})", true},
      {R"({"id":"a","choices":[],"usage":{},"service_tier":"default"})", true},
      {R"({"choices":[],"usage":{},"error":null})", true},
      // An error is the client's to see, whatever it cost.
      {R"({"choices":[],"usage":{"prompt_tokens":1},"error":{"message":"m","type":"server_error"}})"},
      {R"({"error":{},"choices":[],"usage":{"prompt_tokens":1}})"},
      // Usage beside content: its bytes are the client's.
      {R"({"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":1}})"},
      {R"({"choices":[{}],"usage":{"prompt_tokens":1}})"},
      {R"({"choices":[null],"usage":{"prompt_tokens":1}})"},
      {R"({"choices":[[]],"usage":{"prompt_tokens":1}})"},
      // Empty choices without usage: a provider's word about the prompt.
      {R"({"choices":[],"prompt_filter_results":[{"prompt_index":0}]})"},
      {R"({"choices":[],"usage":null})"},
      {R"({"choices":[],"usage":[]})"},
      // No choices at all, or of no known type.
      {R"({"usage":{"prompt_tokens":1}})"},
      {R"({"choices":null,"usage":{"prompt_tokens":1}})"},
      {R"({"choices":{},"usage":{"prompt_tokens":1}})"},
      {R"({"x":{"choices":[],"usage":{"prompt_tokens":1}}})"},
      {R"([DONE])"},
      {R"({"error":{"type":"server_error"}})"},
      {R"({"choices":[],"usage":{"prompt_tokens":1}},)"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Stream(UsageChunk::kDrop).data(c.json), c.dropped ? Verdict::kDrop : Verdict::kPass) << c.json;
    EXPECT_EQ(Stream(UsageChunk::kPass).data(c.json), Verdict::kPass) << c.json;
  }
}

TEST(ChatStream, UsageOnItsWayIsTheLastWordOnlyOnceTheStreamHasEnded) {
  const auto chunk = [](int output) {
    return R"({"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":)" +
           std::to_string(output) + "}}";
  };
  Stream stream;
  for (const int output : {1, 2}) {
    stream.data(chunk(output));
    EXPECT_EQ(stream.facts().usage.provenance, Provenance::kEstimate);
    EXPECT_EQ(stream.facts().usage.output_tokens, static_cast<std::uint64_t>(output));
  }
  stream.data(R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}})");
  expect_usage(stream.facts().usage, 9, 3, 0, 0);

  Stream ended;
  ended.data(chunk(4));
  ended.data("[DONE]");
  expect_usage(ended.facts().usage, 9, 4, 0, 0);

  Stream without;
  without.data(R"({"choices":[{"index":0,"delta":{"content":"a"}}],"usage":null})");
  without.data("[DONE]");
  EXPECT_EQ(without.facts().usage.provenance, Provenance::kUnknown);
}

TEST(ChatStream, TellsContentFromTheRest) {
  struct Case {
    std::string_view delta;
    bool is_content = false;
  };
  constexpr Case kCases[] = {
      {R"("content":"a")", true},
      {R"("content":" ")", true},
      {R"("content":"\u0000")", true},
      {R"("role":"assistant","content":"a")", true},
      {R"("content":null,"reasoning_content":"a")", true},
      {R"("reasoning_content":"a","content":null)", true},
      {R"("reasoning":"a")", true},
      {R"("refusal":"I can't")", true},
      {R"("content":[{"type":"text","text":"a"}])", true},
      {R"("tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":""}}])", true},
      {R"("tool_calls":[{"index":0,"function":{"arguments":"{"}}])", true},
      {R"("function_call":{"arguments":"{"})", true},
      {R"("role":"assistant")"},
      {R"("role":"assistant","content":"","refusal":null)"},
      {R"("content":null)"},
      {R"("content":[])"},
      {R"("content":7)"},
      {R"("content":"","reasoning_content":"","reasoning":null,"refusal":"")"},
      {R"("tool_calls":[])"},
      {R"("tool_calls":null)"},
      {R"("function_call":null)"},
      {R"("contents":"a")"},
      {R"()"},
  };
  for (const Case& c : kCases) {
    Stream stream;
    EXPECT_EQ(stream.delta(c.delta), Verdict::kPass);
    EXPECT_EQ(stream.facts().content_events, c.is_content ? 1u : 0u) << c.delta;
  }
}

TEST(ChatStream, ReadsLegacyCompletions) {
  Stream stream(UsageChunk::kDrop);
  const auto chunk = [&](std::string_view text, std::string_view reason) {
    return stream.data(R"({"id":"cmpl-1","choices":[{"text":)" + std::string(text) +
                       R"(,"index":0,"logprobs":null,"finish_reason":)" + std::string(reason) +
                       R"(}],"model":"davinci:x"})");
  };
  for (const char* text : {R"("a")", R"(" b")", R"("\u00e9")"})
    EXPECT_EQ(chunk(text, "null"), Verdict::kPass);
  EXPECT_EQ(stream.facts().content_events, 3u);
  for (const char* text : {R"("")", "null", "7"}) chunk(text, "null");
  EXPECT_EQ(stream.facts().content_events, 3u);
  chunk(R"("c")", R"("stop")");
  EXPECT_EQ(stream.facts().content_events, 4u);
  EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("stop"));
  EXPECT_EQ(stream.data(R"({"id":"cmpl-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})"),
            Verdict::kDrop);
  expect_usage(stream.facts().usage, 3, 4, 0, 0);
}

TEST(ChatStream, CountsAnEventWithSeveralChoicesOnce) {
  Stream stream;
  stream.data(R"({"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]})");
  EXPECT_EQ(stream.facts().content_events, 1u);
}

TEST(ChatStream, CountsACallInFragmentsOnce) {
  Stream stream;
  stream.delta(R"("tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":""}}])");
  for (const char* part : {R"({\")", "a", R"(\":1})"})
    stream.delta(R"("tool_calls":[{"index":0,"function":{"arguments":")" + std::string(part) + R"("}}])");
  EXPECT_EQ(stream.facts().tool_calls, 1u);
  // A second one, in the order of a server that sorts its members, and both in one event.
  stream.delta(R"("tool_calls":[{"function":{"arguments":"{}","name":"g"},"id":"call_2","index":1}])");
  stream.delta(
      R"("tool_calls":[{"function":{"arguments":"{}"},"index":1},{"function":{"arguments":"}"},"index":0}])");
  EXPECT_EQ(stream.facts().tool_calls, 2u);
  // The same index in another choice.
  stream.data(R"({"choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"call_3"}]}}]})");
  EXPECT_EQ(stream.facts().tool_calls, 3u);
  stream.data(R"({"choices":[{"delta":{"tool_calls":[{"index":0}]},"index":1}]})");
  EXPECT_EQ(stream.facts().tool_calls, 3u);
  EXPECT_EQ(stream.facts().content_events, 8u);
}

TEST(ChatStream, CountsTheCallOfOldInFragmentsOnce) {
  Stream stream;
  stream.delta(R"("function_call":{"name":"f","arguments":""})");
  stream.delta(R"("function_call":{"arguments":"{}"})");
  EXPECT_EQ(stream.facts().tool_calls, 1u);
  stream.data(R"({"choices":[{"index":1,"delta":{"function_call":{"name":"f"}}}]})");
  EXPECT_EQ(stream.facts().tool_calls, 2u);
}

TEST(ChatStream, KeepsFinishReasonsByChoice) {
  Stream stream;
  stream.data(R"({"choices":[{"index":2,"delta":{},"finish_reason":"length"}]})");
  EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("", "", "length"));
  stream.data(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
  // In the order of a server that sorts its members.
  stream.data(R"({"choices":[{"delta":{},"finish_reason":"content_filter","index":1,"logprobs":null}]})");
  EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("stop", "content_filter", "length"));
  // null is no reason, and takes none away.
  stream.data(R"({"choices":[{"index":0,"delta":{},"finish_reason":null}]})");
  EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("stop", "content_filter", "length"));
  stream.data(R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})");
  EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("tool_calls", "content_filter", "length"));
}

TEST(ChatStream, IgnoresIndexesThatCannotBe) {
  Stream stream;
  for (const char* index : {"128", "4294967296", "18446744073709551615", "18446744073709551616"}) {
    stream.data(
        fmt::format(R"({{"choices":[{{"index":{0},"delta":{{"content":"a","tool_calls":[{{"index":{0}}}]}},)"
                    R"("finish_reason":"stop"}}],"usage":{{"prompt_tokens":1}}}})",
                    index));
  }
  EXPECT_LE(stream.facts().finish_reasons.size(), 1u);
  EXPECT_EQ(stream.facts().content_events, 4u);
  EXPECT_LE(stream.facts().tool_calls, 4u);
  EXPECT_EQ(stream.facts().usage.input_tokens, 1u);

  // Without an index that makes sense, the place in the list counts.
  Stream nameless;
  nameless.data(R"({"choices":[{"finish_reason":"a"},{"index":null,"finish_reason":"b"},)"
                R"({"index":-1,"finish_reason":"c"},{"index":"9","finish_reason":"d"}]})");
  EXPECT_THAT(nameless.facts().finish_reasons, ElementsAre("a", "b", "c", "d"));

  Stream last;
  last.data(R"({"choices":[{"index":127,"finish_reason":"stop"}]})");
  EXPECT_EQ(last.facts().finish_reasons.size(), 128u);
}

TEST(ChatStream, BoundsTheCallsItTellsApart) {
  Stream stream;
  for (int choice = 0; choice < 3; ++choice) {
    std::string calls;
    for (int index = 0; index < 4000; ++index) {
      calls += index == 0 ? R"({"index":)" : R"(,{"index":)";
      calls += std::to_string(index) + "}";
    }
    stream.data(R"({"choices":[{"index":)" + std::to_string(choice) + R"(,"delta":{"tool_calls":[)" + calls +
                "]}}]}");
  }
  EXPECT_EQ(stream.facts().tool_calls, 4096u);
}

TEST(ChatStream, TheLastUsageCountsAndWhatItLeavesOutStays) {
  Stream stream;
  stream.data(
      R"({"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":10,"completion_tokens":1,)"
      R"("prompt_tokens_details":{"cached_tokens":8}}})");
  expect_usage(stream.facts().usage, 10, 1, 8, 0, Provenance::kEstimate);
  stream.data(R"({"choices":[{"index":0,"delta":{"content":"b"}}],"usage":null})");
  expect_usage(stream.facts().usage, 10, 1, 8, 0, Provenance::kEstimate);
  stream.data(
      R"({"choices":[],"usage":{"completion_tokens":7,"completion_tokens_details":{"reasoning_tokens":5}}})");
  expect_usage(stream.facts().usage, 10, 7, 8, 5);
  stream.data(
      R"({"choices":[],"usage":{"prompt_tokens":null,"completion_tokens":6,"prompt_tokens_details":{}}})");
  expect_usage(stream.facts().usage, 10, 6, 8, 5);
  stream.data(R"({"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}})");
  expect_usage(stream.facts().usage, 0, 0, 8, 5);
}

TEST(ChatStream, KeepsTheFirstIdAndModel) {
  Stream stream;
  stream.data(R"({"id":"","model":null,"choices":[]})");
  stream.data(R"({"id":"a","model":"m","choices":[]})");
  stream.data(R"({"id":"b","model":"n","choices":[]})");
  EXPECT_EQ(stream.facts().id, "a");
  EXPECT_EQ(stream.facts().model, "m");
}

TEST(ChatStream, ReadsDataInEveryForm) {
  for (const char* event :
       {"data: {\"id\":\"a\"}\n\n", "data:{\"id\":\"a\"}\n\n", "data:   {\"id\":\"a\"} \n\n",
        "data: {\"id\":\"a\"}\r\n\r\n", "data: {\"id\":\"a\"}\r\r", ": ping\ndata: {\"id\":\"a\"}\n\n",
        "event: chunk\nid: 7\nretry: 9\ndata: {\"id\":\"a\"}\n\n", "data: {\ndata: \"id\":\ndata: \"a\"}\n\n",
        "data: {\"id\":\r\ndata: \"a\"}\r\n\r\n", "\xEF\xBB\xBF\x64\x61ta: {\"id\":\"a\"}\n\n"}) {
    Stream stream;
    EXPECT_EQ(stream.raw(event), Verdict::kPass);
    EXPECT_EQ(stream.facts().id, "a") << event;
  }
}

TEST(ChatStream, PassesWhatMakesNoSenseUnread) {
  Stream stream(UsageChunk::kDrop);
  for (const char* event : {": OPENROUTER PROCESSING\n\n",
                            "\n",
                            "\r\n",
                            "event: ping\n\n",
                            "data\n\n",
                            "data:\n\n",
                            "data: \n\n",
                            "data: hello\n\n",
                            "data: [done]\n\n",
                            "data: [DONE]x\n\n",
                            "data: \"[DONE]\"\n\n",
                            "data: []\n\n",
                            "data: {\"id\":\"a\",\"choices\":[]\n\n",
                            "data: {\"id\":\"a\",\"choices\":[],\"usage\":{}\n\n",
                            "data: {\"id\":\"a\"}}\n\n",
                            "data: {\"id\":\"a\"} x\n\n",
                            "Data: {\"id\":\"a\"}\n\n",
                            "data: {\"id\":\"a\",\ndata: \n\n",
                            "data: {\"id\":\"\xFF\"}\n\n",
                            "data: {\"id\":\"\\ud800\"}\n\n",
                            "[DONE]\n\n",
                            "id: {\"id\":\"a\"}\n\n"})
    EXPECT_EQ(stream.raw(event), Verdict::kPass) << event;
  const ResponseFacts& facts = stream.facts();
  EXPECT_FALSE(facts.ended);
  EXPECT_EQ(facts.id, "");
  EXPECT_EQ(facts.content_events, 0u);
  EXPECT_EQ(facts.usage.provenance, Provenance::kUnknown);
  EXPECT_THAT(facts.finish_reasons, IsEmpty());
  // And the next event is read as ever.
  stream.data(R"({"id":"a"})");
  EXPECT_EQ(stream.facts().id, "a");
}

TEST(ChatStream, TakesBackWhatABrokenTextTold) {
  constexpr std::string_view kWhole =
      R"({"id":"b","error":{"type":"e"},"choices":[{"index":1,"delta":{"tool_calls":[{"index":0}]},)"
      R"("finish_reason":"stop"}],"usage":{"prompt_tokens":7}})";
  Stream stream;
  stream.data(R"({"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]})");
  for (const std::string_view behind :
       {std::string_view("}"), std::string_view(" {}"), std::string_view(",")}) {
    stream.data(std::string(kWhole) + std::string(behind));
    EXPECT_EQ(stream.facts().id, "");
    EXPECT_EQ(stream.facts().error_type, "");
    EXPECT_EQ(stream.facts().model, "m");
    EXPECT_EQ(stream.facts().content_events, 1u);
    EXPECT_EQ(stream.facts().tool_calls, 1u);
    EXPECT_THAT(stream.facts().finish_reasons, IsEmpty());
    EXPECT_EQ(stream.facts().usage.provenance, Provenance::kUnknown);
  }
  stream.data(kWhole);
  EXPECT_EQ(stream.facts().id, "b");
  EXPECT_EQ(stream.facts().tool_calls, 2u);
}

// A chunk is told by the one before it where it can be: reading must not depend on what came before.
TEST(ChatStream, ReadsEveryChunkAsIfItWereTheFirst) {
  const std::vector<std::string> chunks = {
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":null})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"\"hi\" \ud83d\ude00"},"finish_reason":null}],"usage":null})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"\ud83d"},"finish_reason":null}],"usage":null})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}],"usage":null})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"a\"},"finish_reason":null}],"usage":null})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"usage":null})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":1}})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"b"}}],"usage":{"prompt_tokens":1}})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"a","tool_calls":[{"index":0}]}}]})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"b","tool_calls":[{"index":0}]}}]})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"a","function_call":{"name":"f"}}}]})",
      R"({"id":"a","choices":[{"index":0,"delta":{"content":"b","function_call":{"name":"f"}}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"a"}}],"error":{"type":"late"}})",
      R"({"choices":[{"index":0,"delta":{"content":"b"}}],"error":{"type":"late"}})",
      R"({"choices":[{"index":0,"delta":{"reasoning_content":"a","content":null}}],"obfuscation":"x"})",
      R"({"choices":[{"index":0,"delta":{"reasoning_content":"b","content":null}}],"obfuscation":"yz"})",
      R"({"obfuscation":"x","choices":[{"index":1,"delta":{"content":"a"}},{"index":0,"delta":{"content":"b"}}]})",
      R"({"obfuscation":"z","choices":[{"index":1,"delta":{"content":"c"}},{"index":0,"delta":{"content":""}}]})",
      R"({"obfuscation":"","choices":[{"index":1,"delta":{"content":""}},{"index":0,"delta":{"content":""}}]})",
      R"({"obfuscation":7,"choices":[{"index":0,"delta":{"content":"a"}}]})",
      R"({"id":"a","choices":[{"text":"a","index":0,"finish_reason":null}]})",
      R"({"id":"a","choices":[{"text":"b","index":0,"finish_reason":null}]})",
      R"({"id":"a","choices":[{"text":"b","index":0,"finish_reason":"stop"}]})",
  };
  const auto event = [](std::string_view json) { return "data: " + std::string(json) + "\n\n"; };
  for (const std::string& first : chunks) {
    for (const std::string& second : chunks) {
      SCOPED_TRACE(testing::Message() << first << " then " << second);
      Stream both(UsageChunk::kDrop);
      both.raw(event(first));
      both.raw(event(second));
      // Comments that differ keep the second from being told by the first.
      Stream apart(UsageChunk::kDrop);
      apart.raw(": 1\n" + event(first));
      apart.raw(": 2\n" + event(second));
      EXPECT_EQ(both.facts().content_events, apart.facts().content_events);
      EXPECT_EQ(both.facts().finish_reasons, apart.facts().finish_reasons);
      EXPECT_EQ(both.facts().tool_calls, apart.facts().tool_calls);
      EXPECT_EQ(both.facts().error_type, apart.facts().error_type);
      EXPECT_EQ(both.facts().usage.provenance, apart.facts().usage.provenance);
    }
  }
}

TEST(ChatStream, ReadsAnErrorWithinTheStream) {
  Stream stream;
  stream.delta(R"("content":"a")");
  EXPECT_EQ(stream.data(R"({"error":{"message":"overloaded","type":"server_error","code":null}})"),
            Verdict::kPass);
  EXPECT_EQ(stream.facts().error_type, "server_error");
  EXPECT_EQ(stream.facts().content_events, 1u);
  EXPECT_FALSE(stream.facts().ended);
  EXPECT_EQ(stream.raw("event: error\ndata: {\"error\":{\"type\":\"late\"}}\n\n"), Verdict::kPass);
  EXPECT_EQ(stream.facts().error_type, "late");
}

}  // namespace
}  // namespace archestra::providers::openai
