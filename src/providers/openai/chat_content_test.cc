#include <gtest/gtest.h>

#include "providers/openai/content.h"
#include "providers/test_content.h"

namespace archestra::providers::openai {
namespace {

std::string asked(std::string_view body) {
  return show(chat_request_content(http::ExactCopy(body).view(), 0, kRoomyBounds));
}
std::string said(std::string_view body) { return said_by_body(make_chat_content, body); }

TEST(ChatContent, OfARequest) {
  EXPECT_EQ(asked(R"({"model":"m","messages":[
    {"role":"developer","content":"Be \"kind\"."},
    {"role":"user","name":"ann","content":[{"type":"text","text":"What is this?"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAABBBB"}},
      {"type":"image_url","image_url":{"url":"https://a.test/i.png"}},
      {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},
      {"type":"file","file":{"file_id":"file-1"}},
      {"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA","filename":"a.pdf"}},
      {"type":"new","x":1}]},
    {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
      {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
      {"id":"c2","type":"custom","custom":{"name":"g","input":"raw"}}]},
    {"role":"tool","tool_call_id":"c1","content":"21 C"},
    {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
    {"role":"assistant","refusal":"No.","function_call":{"name":"h","arguments":"{}"}}],
    "tools":[{"type":"function","function":{"name":"f","description":"d"}},{"type":"custom","custom":{"name":"g"}}],
    "functions":[{"name":"h"}]})"),
            "system: text(Be \"kind\".)\n"
            "user ann: text(What is this?) blob(image image/png 6 ) uri(image https://a.test/i.png) "
            "blob(audio audio/wav 3 ) file(document file-1) blob(document application/pdf 3 ) other(new )\n"
            "assistant: reasoning(hm) call(c1 f {\"a\":1}) call(c2 g raw)\n"
            "tool: response(c1 21 C)\n"
            "tool: response(c2 ab)\n"
            "assistant: refusal(No.) call(h {})\n"
            "function f\ncustom g\nfunction h\n");
}

TEST(ChatContent, OfAnOlderRequest) {
  EXPECT_EQ(asked(R"({"prompt":"Once"})"), "user: text(Once)\n");
  EXPECT_EQ(asked(R"({"prompt":["a","b"]})"), "user: text(a) text(b)\n");
  EXPECT_EQ(asked(R"({"prompt":[1,2]})"), "user:\n");
}

TEST(ChatContent, OfARequestThatMakesNoSense) {
  for (const std::string_view body :
       {"", "{", "[]", "7", R"({"messages":7})", R"({"messages":[7,{}, []]})", R"({"messages":[{"role":7}]})",
        R"({"messages":[{"role":"user","role":"tool"}]})", R"({"tools":[7,{"function":7},[]]})"})
    EXPECT_NO_FATAL_FAILURE(asked(body)) << body;
  EXPECT_EQ(asked(R"({"messages":[7]})"), "");
}

TEST(ChatContent, OfAnAnswer) {
  EXPECT_EQ(said(R"({"choices":[{"index":0,"message":{"role":"assistant","content":"Hello.",
    "reasoning_content":"hm"},"finish_reason":"stop"},
    {"index":1,"message":{"content":null,"refusal":"No.","tool_calls":[
      {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
      {"id":"c2","type":"custom","custom":{"name":"g","input":"raw"}}]},"finish_reason":"tool_calls"},
    {"index":2,"text":"Once","finish_reason":"length"}]})"),
            "assistant/stop: reasoning(hm) text(Hello.)\n"
            "assistant/tool_call: refusal(No.) call(c1 f {\"a\":1}) call(c2 g raw)\n"
            "assistant/length: text(Once)\n");
  EXPECT_EQ(said(R"({"error":{"message":"no"}})"), "");
  EXPECT_EQ(said("no JSON"), "");
}

constexpr std::string_view kStream =
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}"
    "\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"h\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"m\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"Other\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo \\ud83d\\ude00\"}}]}\n\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\","
    "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c2\","
    "\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}}]}\n\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{"
    "\\\"a\\\":\"}}]}}]}\n\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]"
    "}}]}\n\n"
    "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\".\"},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n"
    "data: [DONE]\n\n";

TEST(ChatContent, OfAStream) {
  EXPECT_EQ(
      said_by_events(make_chat_content, kStream),
      "assistant/tool_call: reasoning(hm) text(Hello \xF0\x9F\x98\x80) call(c1 f {\"a\":1}) call(c2 g {})\n"
      "assistant/stop: text(Other.)\n");
}

TEST(ChatContent, OfAStreamThatBrokeOff) {
  EXPECT_EQ(said_by_events(make_chat_content,
                           "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n"),
            "assistant: text(Hel)\n");
  read_every_beginning(make_chat_content, kStream.substr(0, 400));
}

}  // namespace
}  // namespace archestra::providers::openai
