#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/test_splits.h"
#include "providers/openai/responses.h"

namespace archestra::providers::openai {
namespace {

using call::Provenance;
using testing::ElementsAre;
using testing::IsEmpty;

ResponseFacts read_body(std::string_view body) {
  const auto scan = make_responses_scan();
  const http::ExactCopy exact(body);
  scan->on_body(exact.view(), 0);
  return scan->facts();
}

class Stream {
 public:
  void raw(std::string_view event) {
    const http::ExactCopy exact(event);
    EXPECT_EQ(scan_->on_event(exact.view()), Verdict::kPass) << event;
  }
  // As OpenAI sends it: the type twice.
  void event(std::string_view type, std::string_view members) {
    raw("event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"," +
        std::string(members) + "}\n\n");
  }
  void data(std::string_view json) { raw("data: " + std::string(json) + "\n\n"); }
  const ResponseFacts& facts() const { return scan_->facts(); }

 private:
  const std::unique_ptr<ResponseScan> scan_ = make_responses_scan();
};

void expect_usage(const call::Usage& usage, std::uint64_t input, std::uint64_t output, std::uint64_t cached,
                  std::uint64_t reasoning) {
  EXPECT_EQ(usage.provenance, Provenance::kProvider);
  EXPECT_EQ(usage.input_tokens, input);
  EXPECT_EQ(usage.output_tokens, output);
  EXPECT_EQ(usage.cache_read_tokens, cached);
  EXPECT_EQ(usage.reasoning_tokens, reasoning);
}

// --- A whole answer ---------------------------------------------------------------------------------------

constexpr std::string_view kAnswer = R"({
  "id": "resp_1", "object": "response", "created_at": 1700000000, "status": "completed", "error": null,
  "incomplete_details": null, "instructions": "\"model\":\"no\"", "model": "gpt-5-2025-08-07",
  "output": [
    {"id": "rs_1", "type": "reasoning", "summary": []},
    {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "function_call"}},
    {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
    {"id": "msg_1", "type": "message", "content": [{"type": "output_text", "text": "Hi"}]},
    {"id": "fc_2", "call_id": "call_2", "name": "g", "input": "x", "type": "custom_tool_call"}],
  "reasoning": {"effort": "low"}, "text": {"format": {"type": "text"}},
  "usage": {"input_tokens": 75, "input_tokens_details": {"cached_tokens": 64},
            "output_tokens": 1186, "output_tokens_details": {"reasoning_tokens": 1024}, "total_tokens": 1261},
  "user": null, "metadata": {"id": "no", "status": "failed"}})";

TEST(ResponsesResponse, ReadsAWholeAnswer) {
  const ResponseFacts facts = read_body(kAnswer);
  EXPECT_EQ(facts.id, "resp_1");
  EXPECT_EQ(facts.model, "gpt-5-2025-08-07");
  EXPECT_THAT(facts.finish_reasons, ElementsAre("completed"));
  EXPECT_EQ(facts.tool_calls, 2u);
  EXPECT_EQ(facts.error_type, "");
  EXPECT_EQ(facts.content_events, 0u);
  expect_usage(facts.usage, 75, 1186, 64, 1024);
}

TEST(ResponsesResponse, AnAnswerCutOffAnywhereTellsNothing) {
  for (std::size_t size = 0; size < kAnswer.size(); ++size) {
    const ResponseFacts facts = read_body(kAnswer.substr(0, size));
    ASSERT_EQ(facts.usage.provenance, Provenance::kUnknown) << size;
    ASSERT_EQ(facts.id, "") << size;
    ASSERT_EQ(facts.tool_calls, 0u) << size;
    ASSERT_THAT(facts.finish_reasons, IsEmpty()) << size;
  }
  for (const char* behind : {"}", ",", " {}", "x"})
    EXPECT_EQ(read_body(std::string(kAnswer) + behind).id, "") << behind;
}

TEST(ResponsesResponse, TellsHowItEnded) {
  struct Case {
    std::string_view members;
    std::string_view reason = "";
    std::string_view error_type = "";
  };
  constexpr Case kCases[] = {
      {R"("status":"completed","incomplete_details":null)", "completed"},
      {R"("status":"complete")", "complete"},
      {R"("status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})", "max_output_tokens"},
      {R"("incomplete_details":{"reason":"content_filter"},"status":"incomplete")", "content_filter"},
      {R"("status":"incomplete","incomplete_details":{})", "incomplete"},
      {R"("status":"incomplete","incomplete_details":{"reason":null})", "incomplete"},
      {R"("status":"cancelled")", "cancelled"},
      {R"("status":"failed","error":{"code":"server_error","message":"no"})", "failed", "server_error"},
      {R"("status":"failed","error":null)", "failed", "error"},
      // It has not ended: it goes on in the background.
      {R"("status":"queued","background":true,"usage":null)"},
      {R"("status":"in_progress","background":true,"usage":null)"},
      {R"("status":null)"},
      {R"("error":{"message":"no","type":"invalid_request_error","code":"model_not_found"})", "",
       "invalid_request_error"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.members);
    const ResponseFacts facts = read_body("{" + std::string(c.members) + R"(,"id":"behind"})");
    if (c.reason.empty())
      EXPECT_THAT(facts.finish_reasons, IsEmpty());
    else
      EXPECT_THAT(facts.finish_reasons, ElementsAre(c.reason));
    EXPECT_EQ(facts.error_type, c.error_type);
    EXPECT_EQ(facts.id, "behind");
    EXPECT_EQ(facts.usage.provenance, Provenance::kUnknown);
  }
}

TEST(ResponsesResponse, CountsTheCallsThatTheClientRuns) {
  struct Case {
    std::string_view item;
    bool counts = false;
  };
  constexpr Case kCases[] = {
      {R"({"type":"function_call"})", true},
      {R"({"arguments":"{}","type":"function_call"})", true},
      {R"({"type":"custom_tool_call"})", true},
      {R"({"type":"computer_call"})", true},
      {R"({"type":"local_shell_call"})", true},
      {R"({"type":"apply_patch_call"})", true},
      {R"({"type":"shell_call"})", true},
      {R"({"type":"shell_call","environment":null})", true},
      {R"({"environment":{"type":"local"},"type":"shell_call"})", true},
      {R"({"type":"tool_search_call","execution":"client"})", true},
      // The provider's own.
      {R"({"type":"shell_call","environment":{"container_id":"c","type":"container_reference"}})"},
      {R"({"type":"tool_search_call","execution":"server"})"},
      {R"({"type":"tool_search_call"})"},
      {R"({"type":"web_search_call"})"},
      {R"({"type":"file_search_call"})"},
      {R"({"type":"code_interpreter_call"})"},
      {R"({"type":"image_generation_call"})"},
      {R"({"type":"mcp_call"})"},
      {R"({"type":"mcp_list_tools"})"},
      {R"({"type":"mcp_approval_request"})"},
      // No calls.
      {R"({"type":"message","content":[{"type":"function_call"}]})"},
      {R"({"type":"function_call_output"})"},
      {R"({"type":["function_call"]})"},
      {R"({"name":"function_call"})"},
      {R"({})"},
      {R"(null)"},
      {R"("function_call")"},
  };
  for (const Case& c : kCases) {
    const std::string item(c.item);
    const std::string twice = fmt::format(R"({{"output":[{},{}],"id":"a"}})", item, item);
    EXPECT_EQ(read_body(twice).tool_calls, c.counts ? 2u : 0u) << item;
    Stream stream;
    stream.event("response.output_item.added", R"("output_index":0,"item":)" + item);
    EXPECT_EQ(stream.facts().tool_calls, c.counts ? 1u : 0u) << item;
  }
  for (const char* output : {"null", "{}", R"("function_call")", "[]"})
    EXPECT_EQ(read_body(R"({"output":)" + std::string(output) + "}").tool_calls, 0u) << output;
}

// --- Streams ----------------------------------------------------------------------------------------------

TEST(ResponsesStream, ReadsAWholeStream) {
  Stream stream;
  stream.event("response.created", R"("sequence_number":0,"response":{"id":"resp_1","status":"in_progress",)"
                                   R"("model":"gpt-5-x","output":[],"usage":null,"error":null})");
  EXPECT_EQ(stream.facts().id, "resp_1");
  EXPECT_EQ(stream.facts().model, "gpt-5-x");
  stream.event("response.in_progress",
               R"("sequence_number":1,"response":{"id":"resp_1","status":"in_progress"})");
  stream.event(
      "response.output_item.added",
      R"("sequence_number":2,"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]})");
  stream.event("response.reasoning_summary_text.delta",
               R"("sequence_number":3,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Hm")");
  stream.event("response.output_item.added",
               R"("sequence_number":4,"output_index":1,"item":{"type":"function_call","arguments":""})");
  stream.event("response.function_call_arguments.delta",
               R"("sequence_number":5,"item_id":"fc_1","output_index":1,"delta":"{","obfuscation":"x")"
               "}");  // no JSON
  EXPECT_EQ(stream.facts().content_events, 1u);
  for (const int number : {5, 6, 17})
    stream.event("response.function_call_arguments.delta",
                 R"("sequence_number":)" + std::to_string(number) +
                     R"(,"item_id":"fc_1","output_index":1,"delta":"{}","obfuscation":"x")");
  EXPECT_EQ(stream.facts().content_events, 4u);
  stream.event("response.function_call_arguments.done", R"("output_index":1,"arguments":"{}{}{}")");
  stream.event("response.output_item.done",
               R"("output_index":1,"item":{"type":"function_call","arguments":"{}{}{}"})");
  EXPECT_EQ(stream.facts().content_events, 4u);
  EXPECT_EQ(stream.facts().tool_calls, 1u);
  EXPECT_FALSE(stream.facts().ended);
  EXPECT_THAT(stream.facts().finish_reasons, IsEmpty());
  EXPECT_EQ(stream.facts().usage.provenance, Provenance::kUnknown);
  std::string answer(kAnswer);
  std::ranges::replace(answer, '\n', ' ');
  stream.event("response.completed", R"("sequence_number":18,"response":)" + answer);
  EXPECT_TRUE(stream.facts().ended);
  EXPECT_EQ(stream.facts().id, "resp_1");
  EXPECT_EQ(stream.facts().tool_calls, 2u) << "the whole output has the last word";
  EXPECT_THAT(stream.facts().finish_reasons, ElementsAre("completed"));
  expect_usage(stream.facts().usage, 75, 1186, 64, 1024);
  EXPECT_EQ(stream.facts().content_events, 4u);
}

TEST(ResponsesStream, TellsContentFromTheRest) {
  struct Case {
    std::string_view type;
    std::string_view members;
    bool is_content = false;
  };
  constexpr Case kCases[] = {
      {"response.output_text.delta", R"("delta":"a")", true},
      {"response.output_text.delta", R"("delta":" ","logprobs":[{"token":"a","logprob":-1}])", true},
      {"response.refusal.delta", R"("delta":"a")", true},
      {"response.reasoning_text.delta", R"("delta":"a")", true},
      {"response.reasoning_summary_text.delta", R"("delta":"a")", true},
      {"response.function_call_arguments.delta", R"("delta":"{")", true},
      {"response.custom_tool_call_input.delta", R"("delta":"a")", true},
      {"response.mcp_call_arguments.delta", R"("delta":"{}")", true},
      {"response.code_interpreter_call_code.delta", R"("delta":"import")", true},
      {"response.shell_call_command.delta", R"("delta":"ls")", true},
      {"response.output_text.delta", R"("delta":"")"},
      {"response.output_text.delta", R"("delta":null)"},
      {"response.output_text.delta", R"("deltas":"a")"},
      // What a tool of the provider says.
      {"response.shell_call_output_content.delta", R"("delta":{"stdout":"a"})"},
      {"response.output_text.done", R"("text":"a","delta":"a")"},
      {"response.content_part.added", R"("part":{"type":"output_text","text":"","delta":"a"})"},
      {"response.web_search_call.searching", R"("item_id":"ws_1")"},
      {"response.image_generation_call.partial_image", R"("partial_image_b64":"AAAA")"},
      {"response.created", R"("response":{"delta":"a"})"},
      {"some.delta", R"("delta":"a")"},
      {"keepalive", R"("sequence_number":3)"},
  };
  for (const Case& c : kCases) {
    const std::uint32_t expected = c.is_content ? 1 : 0;
    Stream stream;
    stream.event(c.type, R"("sequence_number":7,)" + std::string(c.members));
    EXPECT_EQ(stream.facts().content_events, expected) << c.type << c.members;
    // The type behind the rest, with white space, and without the event's name.
    Stream sorted;
    sorted.data("{ " + std::string(c.members) + R"(, "sequence_number": 7, "type": ")" + std::string(c.type) +
                "\" }");
    EXPECT_EQ(sorted.facts().content_events, expected) << c.type << c.members;
    EXPECT_FALSE(sorted.facts().ended);
    EXPECT_EQ(sorted.facts().error_type, "");
  }
}

// What an event says is in its data: clients look there.
TEST(ResponsesStream, TheNameOfAnEventIsNotItsType) {
  Stream stream;
  stream.raw(
      "event: response.completed\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n");
  EXPECT_FALSE(stream.facts().ended);
  EXPECT_EQ(stream.facts().content_events, 1u);
  stream.raw("event: response.output_text.delta\ndata: {\"delta\":\"a\"}\n\n");
  stream.raw("event: response.output_text.delta\n\n");
  EXPECT_EQ(stream.facts().content_events, 1u);
}

TEST(ResponsesStream, TheLastTierCounts) {
  Stream stream;
  stream.event("response.created", R"("response":{"id":"a","service_tier":"auto"})");
  EXPECT_EQ(stream.facts().service_tier, "auto");
  stream.event("response.completed",
               R"("response":{"id":"a","status":"completed","service_tier":"default"})");
  EXPECT_EQ(stream.facts().service_tier, "default");
  EXPECT_EQ(read_body(R"({"id":"a","service_tier":null})").service_tier, "");
  EXPECT_EQ(read_body(R"({"id":"a","service_tier":"flex"})").service_tier, "flex");
}

TEST(ResponsesStream, KnowsItsLastEvents) {
  struct Case {
    std::string_view type;
    std::string_view response;
    std::string_view reason;
    std::string_view error_type = "";
  };
  constexpr Case kCases[] = {
      {"response.completed", R"({"status":"completed","usage":{"input_tokens":1}})", "completed"},
      {"response.incomplete",
       R"({"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":1}})",
       "max_output_tokens"},
      {"response.failed",
       R"({"status":"failed","error":{"code":"rate_limit_exceeded","message":"no"},"usage":{"input_tokens":1}})",
       "failed", "rate_limit_exceeded"},
      {"response.failed", R"({"status":"failed","usage":{"input_tokens":1}})", "failed", "error"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.response);
    Stream stream;
    stream.event(c.type, R"("sequence_number":9,"response":)" + std::string(c.response));
    EXPECT_TRUE(stream.facts().ended);
    EXPECT_THAT(stream.facts().finish_reasons, ElementsAre(c.reason));
    EXPECT_EQ(stream.facts().error_type, c.error_type);
    expect_usage(stream.facts().usage, 1, 0, 0, 0);

    Stream sorted;
    sorted.data(R"({"response":)" + std::string(c.response) + R"(,"type":")" + std::string(c.type) + "\"}");
    EXPECT_TRUE(sorted.facts().ended);
    EXPECT_EQ(sorted.facts().error_type, c.error_type);

    Stream broken;
    broken.event(c.type, R"("response":)" + std::string(c.response) + "}");
    EXPECT_FALSE(broken.facts().ended);
    EXPECT_THAT(broken.facts().finish_reasons, IsEmpty());
    EXPECT_EQ(broken.facts().usage.provenance, Provenance::kUnknown);
  }
  Stream done;
  done.data("[DONE]");
  EXPECT_TRUE(done.facts().ended);
}

TEST(ResponsesStream, ReadsAnErrorWithinTheStream) {
  struct Case {
    std::string_view json;
    std::string_view type;
  };
  constexpr Case kCases[] = {
      {R"({"type":"error","code":"server_error","message":"no","param":null,"sequence_number":3})",
       "server_error"},
      {R"({"code":"server_error","type":"error"})", "server_error"},
      {R"({"type":"error","code":null,"message":"no"})", "error"},
      {R"({"type":"error","error":{"type":"overloaded","code":"x","message":"no"},"sequence_number":3})",
       "overloaded"},
      {R"({"error":{"message":"no","type":"tokens","code":"rate_limit_exceeded"}})", "tokens"},
      {R"({"type":"response.failed","response":null})", "error"},
  };
  for (const Case& c : kCases) {
    Stream stream;
    stream.data(c.json);
    EXPECT_EQ(stream.facts().error_type, c.type) << c.json;
  }
  // What is said first of an error is the cause.
  Stream stream;
  stream.data(kCases[0].json);
  stream.event("response.failed", R"("response":{"status":"failed","error":null})");
  EXPECT_EQ(stream.facts().error_type, "server_error");
}

TEST(ResponsesStream, CountsACallInFragmentsOnce) {
  Stream stream;
  for (const char* type : {"response.output_item.added", "response.output_item.done"})
    for (const char* members : {R"("output_index":0,"item":{"type":"function_call"})",
                                R"("item":{"type":"custom_tool_call"},"output_index":3)",
                                R"("output_index":1,"item":{"type":"web_search_call"})"})
      stream.event(type, members);
  EXPECT_EQ(stream.facts().tool_calls, 2u);
  stream.event("response.output_item.done", R"("output_index":4,"item":{"type":"function_call"}})");
  EXPECT_EQ(stream.facts().tool_calls, 2u) << "a broken event tells nothing";
  stream.event("response.output_item.done", R"("output_index":4,"item":{"type":"function_call"})");
  EXPECT_EQ(stream.facts().tool_calls, 3u) << "and takes nothing from the next";
}

// A delta is told by the one before it where it can be: reading must not depend on what came before.
TEST(ResponsesStream, ReadsEveryEventAsIfItWereTheFirst) {
  const std::vector<std::string> events = {
      R"({"type":"response.output_text.delta","sequence_number":4,"delta":"a","obfuscation":"x"})",
      R"({"type":"response.output_text.delta","sequence_number":15,"delta":"\"b\" \ud83d\ude00","obfuscation":"yz"})",
      R"({"type":"response.output_text.delta","sequence_number":04,"delta":"a","obfuscation":"x"})",
      R"({"type":"response.output_text.delta","sequence_number":-4,"delta":"a","obfuscation":"x"})",
      R"({"type":"response.output_text.delta","sequence_number":1.5,"delta":"a","obfuscation":"x"})",
      R"({"type":"response.output_text.delta","sequence_number":"4","delta":"a","obfuscation":"x"})",
      R"({"type":"response.output_text.delta","sequence_number":5,"delta":"","obfuscation":"x"})",
      R"({"type":"response.output_text.delta","sequence_number":5,"delta":"a\","obfuscation":"x"})",
      R"({"type":"response.output_text.delta","sequence_number":5,"delta":"a","obfuscation":""})",
      R"({"type":"response.output_text.delta","sequence_number":5,"delta":"a"})",
      R"({"type":"response.output_text.delta","delta":"a","sequence_number":6})",
      R"({"type":"response.output_text.delta","delta":"b","sequence_number":7})",
      R"({"type":"response.output_text.delta","delta":"a"})",
      R"({"type":"response.output_text.delta","delta":"b"})",
      R"({"type":"response.output_text.delta","delta":"b","item":{"type":"function_call"},"output_index":0})",
      R"({"type":"response.output_text.delta","delta":"c","item":{"type":"function_call"},"output_index":0})",
      R"({"type":"response.output_text.delta","delta":"b","error":{"type":"late"}})",
      R"({"type":"response.output_text.delta","delta":"c","error":{"type":"late"}})",
      R"({"type":"response.output_text.delta","delta":"b","response":{"usage":{"input_tokens":1}}})",
      R"({"type":"response.output_text.delta","delta":"c","response":{"usage":{"input_tokens":2}}})",
      R"({"type":"response.refusal.delta","sequence_number":4,"delta":"a","obfuscation":"x"})",
      R"({"type":"response.output_text.done","sequence_number":4,"delta":"a","obfuscation":"x"})",
      R"({"delta":"a","type":"response.output_text.delta","delta":"b"})",
      R"({"delta":"a","type":"response.output_text.delta","delta":""})",
      R"({"type":"response.completed","sequence_number":4,"response":{"status":"completed"}})",
  };
  for (const std::string& first : events) {
    for (const std::string& second : events) {
      SCOPED_TRACE(testing::Message() << first << " then " << second);
      Stream both;
      both.data(first);
      both.data(second);
      // Comments that differ keep the second from being told by the first.
      Stream apart;
      apart.raw(": 1\ndata: " + first + "\n\n");
      apart.raw(": 2\ndata: " + second + "\n\n");
      EXPECT_EQ(both.facts().content_events, apart.facts().content_events);
      EXPECT_EQ(both.facts().finish_reasons, apart.facts().finish_reasons);
      EXPECT_EQ(both.facts().tool_calls, apart.facts().tool_calls);
      EXPECT_EQ(both.facts().error_type, apart.facts().error_type);
      EXPECT_EQ(both.facts().usage.input_tokens, apart.facts().usage.input_tokens);
      EXPECT_EQ(both.facts().ended, apart.facts().ended);
    }
  }
}

}  // namespace
}  // namespace archestra::providers::openai
