#include <gtest/gtest.h>

#include "providers/openai/content.h"
#include "providers/test_content.h"

namespace archestra::providers::openai {
namespace {

std::string asked(std::string_view body) {
  return show(responses_request_content(http::ExactCopy(body).view(), 0, kRoomyBounds));
}
std::string said(std::string_view body) { return said_by_body(make_responses_content, body); }

TEST(ResponsesContent, OfARequest) {
  EXPECT_EQ(asked(R"({"instructions":"Be kind.","input":"Hello"})"),
            "system: text(Be kind.)\nuser: text(Hello)\n");
  EXPECT_EQ(asked(R"({"input":[
    {"role":"developer","content":"Be kind."},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"What is this?"},
      {"type":"input_image","image_url":"data:image/png;base64,AAAABBBB"},
      {"type":"input_image","file_id":"file-1"},
      {"type":"input_file","file_url":"https://a.test/a.pdf"}]},
    {"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},
    {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},
    {"type":"function_call_output","call_id":"c1","output":"21 C"},
    {"type":"custom_tool_call","call_id":"c2","name":"g","input":"raw"},
    {"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"a"},
      {"type":"input_image","image_url":"data:image/png;base64,AAAA"}]},
    {"type":"computer_call_output","call_id":"c3","output":
      {"type":"computer_screenshot","image_url":"data:image/png;base64,AAAA"}},
    {"type":"web_search_call","id":"ws"}],
    "tools":[{"type":"function","name":"f","parameters":{}},{"type":"web_search"}]})"),
            "system: text(Be kind.)\n"
            "user: text(What is this?) blob(image image/png 6 ) file(image file-1) uri(document "
            "https://a.test/a.pdf)\n"
            "assistant: reasoning(hm)\n"
            "assistant: call(c1 f {\"a\":1})\n"
            "tool: response(c1 21 C)\n"
            "assistant: call(c2 g raw)\n"
            "tool: response(c2 a) blob(image image/png 3 )\n"
            "tool: response(c3 ) blob(image image/png 3 )\n"
            "assistant: other(web_search_call )\n"
            "function f\nweb_search web_search\n");
  for (const std::string_view body : {"", "{", "[]", R"({"input":7})", R"({"input":[7,[],{}]})"}) asked(body);
}

TEST(ResponsesContent, OfAnAnswer) {
  EXPECT_EQ(
      said(R"({"status":"completed","output":[
    {"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"content":[{"type":"reasoning_text","text":"so"}]},
    {"type":"message","content":[{"type":"output_text","text":"Hello."},{"type":"refusal","refusal":"No."}]},
    {"type":"web_search_call"}]})"),
      "assistant/stop: reasoning(hm) reasoning(so) text(Hello.) refusal(No.) other(web_search_call )\n");
  EXPECT_EQ(said(R"({"status":"completed","output":[
    {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
    {"type":"custom_tool_call","call_id":"c2","name":"g","input":"raw"}]})"),
            "assistant/tool_call: call(c1 f {}) call(c2 g raw)\n");
  EXPECT_EQ(
      said(R"({"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]})"),
      "assistant/length:\n");
  EXPECT_EQ(said(R"({"error":{"message":"no"}})"), "");
}

std::string event(std::string_view json) { return "event: x\ndata: " + std::string(json) + "\n\n"; }

const std::string kPieces =
    event(R"({"type":"response.created","response":{"status":"in_progress","output":[]}})") +
    event(
        R"({"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","summary":[]}})") +
    event(
        R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"h"})") +
    event(
        R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"m"})") +
    event(
        R"({"type":"response.output_item.added","output_index":1,"item":{"type":"message","content":[]}})") +
    event(R"({"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"Hel"})") +
    event(R"({"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"lo."})") +
    event(
        R"({"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":""}})") +
    event(R"({"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"a\":"})") +
    event(R"({"type":"response.function_call_arguments.delta","output_index":2,"delta":"1}"})");

TEST(ResponsesContent, OfAStream) {
  const std::string end =
      event(
          R"({"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}})") +
      event(R"({"type":"response.completed","response":{"status":"completed","output":[)"
            R"({"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},)"
            R"({"type":"message","content":[{"type":"output_text","text":"Hello."}]},)"
            R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}]}})");
  EXPECT_EQ(said_by_events(make_responses_content, kPieces + end),
            "assistant/tool_call: reasoning(hm) text(Hello.) call(c1 f {\"a\":1})\n");
}

TEST(ResponsesContent, OfAStreamThatBrokeOff) {
  EXPECT_EQ(said_by_events(make_responses_content, kPieces),
            "assistant: reasoning(hm) text(Hello.) call(c1 f {\"a\":1})\n");
  read_every_beginning(make_responses_content, kPieces);
}

}  // namespace
}  // namespace archestra::providers::openai
