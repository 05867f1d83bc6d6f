#include "providers/anthropic/content.h"

#include <gtest/gtest.h>

#include "providers/test_content.h"

namespace archestra::providers::anthropic {
namespace {

std::string asked(std::string_view body) {
  return show(read_request_content(http::ExactCopy(body).view(), 0, kRoomyBounds));
}

TEST(AnthropicContent, OfARequest) {
  EXPECT_EQ(asked(R"({"system":"Be kind.","messages":[{"role":"user","content":"Hello"}]})"),
            "system: text(Be kind.)\nuser: text(Hello)\n");
  EXPECT_EQ(asked(R"({"system":[{"type":"text","text":"Be"},{"type":"text","text":"kind"}],"messages":[
    {"role":"user","content":[{"type":"text","text":"What is this?"},
      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAABBBB"}},
      {"type":"image","source":{"type":"url","url":"https://a.test/i.png"}},
      {"type":"document","source":{"type":"file","file_id":"file-1"}},
      {"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"}}]},
    {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
      {"type":"redacted_thinking","data":"x"},
      {"type":"tool_use","id":"c1","name":"f","input":{"a":1}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"21 C"},
      {"type":"tool_result","tool_use_id":"c2","content":[{"type":"text","text":"a"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}],
    "tools":[{"name":"f","input_schema":{}},{"type":"bash_20250124","name":"bash"}]})"),
            "system: text(Be) text(kind)\n"
            "user: text(What is this?) blob(image image/png 6 ) uri(image https://a.test/i.png) "
            "file(document file-1) text(plain)\n"
            "assistant: reasoning(hm) other(redacted_thinking ) call(c1 f {\"a\":1})\n"
            "tool: response(c1 21 C) response(c2 a) blob(image image/png 3 )\n"
            "function f\nbash_20250124 bash\n");
  for (const std::string_view body :
       {"", "{", "[]", R"({"messages":7,"system":7,"tools":7})", R"({"messages":[7,{},{"content":[7]}]})"})
    asked(body);
}

TEST(AnthropicContent, OfAnAnswer) {
  const auto said = [](std::string_view body) { return said_by_body(make_content_reader, body); };
  EXPECT_EQ(said(R"({"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm"},
    {"type":"text","text":"Hello."},{"type":"tool_use","id":"c1","name":"f","input":{"a":1}},
    {"type":"server_tool_use","id":"s1","name":"web_search","input":{}}],"stop_reason":"tool_use"})"),
            "assistant/tool_call: reasoning(hm) text(Hello.) call(c1 f {\"a\":1}) other(server_tool_use )\n");
  for (const auto& [reason, shown] : {std::pair{"end_turn", "stop"},
                                      {"max_tokens", "length"},
                                      {"stop_sequence", "stop"},
                                      {"refusal", "content_filter"},
                                      {"new", "new"}})
    EXPECT_EQ(said(R"({"type":"message","content":[],"stop_reason":")" + std::string(reason) + "\"}"),
              "assistant/" + std::string(shown) + ":\n");
  EXPECT_EQ(said(R"({"type":"error","error":{"message":"no"}})"), "");
}

std::string event(std::string_view json) { return "event: x\ndata: " + std::string(json) + "\n\n"; }

const std::string kPieces =
    event(R"({"type":"message_start","message":{"type":"message","content":[],"stop_reason":null}})") +
    event(R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})") +
    event(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"h"}})") +
    event(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"m"}})") +
    event(R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}})") +
    event(R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}})") +
    event(R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hel"}})") +
    event(R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"lo."}})") +
    event(
        R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"c1","name":"f","input":{}}})") +
    event(
        R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}})") +
    event(
        R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}})");

TEST(AnthropicContent, OfAStream) {
  EXPECT_EQ(said_by_events(make_content_reader,
                           kPieces + event(R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})") +
                               event(R"({"type":"message_stop"})")),
            "assistant/tool_call: reasoning(hm) text(Hello.) call(c1 f {\"a\":1})\n");
}

TEST(AnthropicContent, OfAStreamThatBrokeOff) {
  EXPECT_EQ(said_by_events(make_content_reader, kPieces),
            "assistant: reasoning(hm) text(Hello.) call(c1 f {\"a\":1})\n");
  read_every_beginning(make_content_reader, kPieces);
}

}  // namespace
}  // namespace archestra::providers::anthropic
