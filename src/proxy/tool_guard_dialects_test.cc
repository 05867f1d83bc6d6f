// Streams of every dialect through gate and guard, cut at every byte: the same decision and the same bytes,
// however they arrive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "providers/registry.h"
#include "proxy/test_guarded_replay.h"

namespace archestra::proxy {
namespace {

using http::Pieces;
using model::InvocationAction;
using testing::ElementsAre;

struct Case {
  std::string_view name;
  std::string_view target;
  GateMode mode;
  std::string_view response;
};

// Text, then two calls whose arguments come in pieces, then the end and the usage.
constexpr Case kCases[] = {
    {"chat", "/v1/openai/chat/completions", GateMode::kDecideEvents,
     R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Let me"},"finish_reason":null}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"read","arguments":""}}]},"finish_reason":null}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}},{"index":1,"id":"b","type":"function","function":{"name":"send","arguments":"{\"to\""}}]},"finish_reason":null}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":":\"x\"}"}}]},"finish_reason":null}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}

data: [DONE]

)"},
    {"responses", "/v1/openai/responses", GateMode::kDecideEvents,
     R"(event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"r","object":"response","status":"in_progress","model":"m","output":[]}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"rs","type":"reasoning","summary":[]}}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":2,"output_index":0,"item":{"id":"rs","type":"reasoning","summary":[]}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":3,"output_index":1,"item":{"id":"f1","type":"function_call","status":"in_progress","arguments":"","call_id":"a","name":"read"}}

event: response.function_call_arguments.delta
data: {"type":"response.function_call_arguments.delta","sequence_number":4,"item_id":"f1","output_index":1,"delta":"{}"}

event: response.function_call_arguments.done
data: {"type":"response.function_call_arguments.done","sequence_number":5,"item_id":"f1","output_index":1,"arguments":"{}"}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":6,"output_index":1,"item":{"id":"f1","type":"function_call","status":"completed","arguments":"{}","call_id":"a","name":"read"}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":7,"output_index":2,"item":{"id":"f2","type":"function_call","status":"in_progress","arguments":"","call_id":"b","name":"send"}}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":8,"output_index":2,"item":{"id":"f2","type":"function_call","status":"completed","arguments":"{\"to\":\"x\"}","call_id":"b","name":"send"}}

event: response.completed
data: {"type":"response.completed","sequence_number":9,"response":{"id":"r","object":"response","status":"completed","model":"m","output":[{"id":"rs","type":"reasoning","summary":[]},{"id":"f1","type":"function_call","status":"completed","arguments":"{}","call_id":"a","name":"read"},{"id":"f2","type":"function_call","status":"completed","arguments":"{\"to\":\"x\"}","call_id":"b","name":"send"}],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}}

)"},
    {"messages", "/v1/anthropic/v1/messages", GateMode::kDecideEvents,
     R"(event: message_start
data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"read","input":{}}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"b","name":"send","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"to\""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":":\"x\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

)"},
    {"gemini", "/v1/gemini/v1beta/models/g:streamGenerateContent?alt=sse", GateMode::kDecideEvents,
     "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Let "
     "me\"}]},\"index\":0}]}\r\n\r\n"
     "data: "
     "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"functionCall\":{\"name\":\"read\","
     "\"args\":{}}},"
     "{\"functionCall\":{\"name\":\"send\",\"args\":{\"to\":\"x\"}},\"thoughtSignature\":\"s\"}]},\"index\":"
     "0}]}\r\n\r\n"
     "data: "
     "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"finishReason\":"
     "\"STOP\","
     "\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":2,\"totalTokenCount\":"
     "3}}\r\n\r\n"},
    {"gemini's array", "/v1/gemini/v1beta/models/g:streamGenerateContent", GateMode::kDecideElements,
     "[{\n  \"candidates\": [{\"content\": {\"role\": \"model\", \"parts\": [{\"text\": \"Let me\"}]}, "
     "\"index\": 0}]\n}\n,\r\n"
     "{\n  \"candidates\": [{\"content\": {\"role\": \"model\", \"parts\": [{\"functionCall\": {\"name\": "
     "\"read\", \"args\": {}}}, "
     "{\"functionCall\": {\"name\": \"send\", \"args\": {\"to\": \"x\"}}}]}, \"finishReason\": \"STOP\", "
     "\"index\": 0}],\n"
     "  \"usageMetadata\": {\"promptTokenCount\": 1, \"candidatesTokenCount\": 2, \"totalTokenCount\": "
     "3}\n}\n]\n"},
};

class ToolGuardDialectsTest : public testing::TestWithParam<Case> {
 protected:
  GuardedReplay replay(const policy::PolicySetRef& policies, const Pieces& pieces) {
    const auto match = registry_.match("POST", GetParam().target);
    const auto& [provider, route] = match->value();
    providers::RequestFacts request;
    request.stream = true;
    return replay_guarded({.provider = *provider,
                           .route = route,
                           .request = request,
                           .policies = policies,
                           .mode = GetParam().mode},
                          pieces);
  }
  const providers::Registry registry_;
};

TEST_P(ToolGuardDialectsTest, WhatNoPolicyBlocksKeepsItsBytes) {
  const auto policies = policy_about("another", InvocationAction::kBlockAlways);
  http::for_each_split(GetParam().response, [&](const Pieces& pieces) {
    const GuardedReplay result = replay(policies, pieces);
    ASSERT_EQ(result.sent, GetParam().response);
    ASSERT_THAT(result.decisions, ElementsAre("read allowed", "send allowed"));
  });
}

TEST_P(ToolGuardDialectsTest, WhatAPolicyBlocksIsRefusedTheSameHoweverItIsCut) {
  const auto policies = policy_about("send", InvocationAction::kBlockAlways);
  const std::string whole = replay(policies, {GetParam().response}).sent;
  for (const std::string_view part : {"not here", "read(", "send("})
    EXPECT_NE(whole.find(part), std::string::npos) << part << " in " << whole;
  for (const std::string_view part :
       {R"("tool_calls")", "function_call", R"("tool_use")", "functionCall", "partial_json", R"("b")"})
    EXPECT_EQ(whole.find(part), std::string::npos) << part << " in " << whole;
  http::for_each_split(GetParam().response, [&](const Pieces& pieces) {
    const GuardedReplay result = replay(policies, pieces);
    ASSERT_EQ(result.sent, whole);
    ASSERT_THAT(result.decisions, ElementsAre("read blocked", "send blocked"));
  });
}

INSTANTIATE_TEST_SUITE_P(Dialects, ToolGuardDialectsTest, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& test) {
                           return "Case" + std::to_string(test.index);
                         });

}  // namespace
}  // namespace archestra::proxy
