#include "providers/gemini/content.h"

#include <gtest/gtest.h>

#include "providers/test_content.h"

namespace archestra::providers::gemini {
namespace {

std::string asked(std::string_view body) {
  return show(read_request_content(http::ExactCopy(body).view(), 0, kRoomyBounds));
}
std::string said(std::string_view body) { return said_by_body(make_content_reader, body); }

TEST(GeminiContent, OfARequest) {
  EXPECT_EQ(asked(R"({"systemInstruction":{"parts":[{"text":"Be kind."}]},"contents":[
    {"role":"user","parts":[{"text":"What is this?"},
      {"inlineData":{"mimeType":"image/png","data":"AAAABBBB"}},
      {"file_data":{"mime_type":"video/mp4","file_uri":"https://a.test/v"}}]},
    {"role":"model","parts":[{"text":"hm","thought":true},{"functionCall":{"name":"f","args":{"a":1}}}]},
    {"role":"function","parts":[{"functionResponse":{"name":"f","response":{"b":2}}}]},
    {"parts":[{"executableCode":{"code":"1"}}]}],
    "tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]},{"googleSearch":{}}]})"),
            "system: text(Be kind.)\n"
            "user: text(What is this?) blob(image image/png 6 ) uri(video video/mp4 https://a.test/v)\n"
            "assistant: reasoning(hm) call(f {\"a\":1})\n"
            "tool: response(f {\"b\":2})\n"
            "user: other(executableCode )\n"
            "function f\nfunction g\n");
  for (const std::string_view body : {"", "{", "[]", R"({"contents":7,"tools":7,"systemInstruction":7})",
                                      R"({"contents":[7,{"parts":[7,{}]}]})"})
    asked(body);
}

TEST(GeminiContent, OfAnAnswer) {
  EXPECT_EQ(
      said(R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Hel"},{"text":"lo."},
    {"functionCall":{"id":"c1","name":"f","args":{"a":1}}},{"functionCall":{"name":"g"}},
    {"inlineData":{"mimeType":"image/png","data":"AAAA"}}],"role":"model"},"finishReason":"STOP","index":0},
    {"content":{"parts":[{"text":"Two"}]},"finishReason":"MAX_TOKENS","index":1}]})"),
      "assistant/stop: reasoning(hm) text(Hello.) call(c1 f {\"a\":1}) call(g ) blob(image image/png 3 )\n"
      "assistant/length: text(Two)\n");
  EXPECT_EQ(said(R"({"candidates":[{"finishReason":"SAFETY"}]})"), "assistant/content_filter:\n");
  EXPECT_EQ(said(R"({"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]})"), "assistant/error:\n");
  EXPECT_EQ(said(R"({"error":{"message":"no"}})"), "");
}

constexpr std::string_view kChunks[] = {
    R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]},"index":0}]})",
    R"({"candidates":[{"content":{"parts":[{"text":"Hel"}]},"index":0}]})",
    R"({"candidates":[{"content":{"parts":[{"text":"lo."}]},"index":0}]})",
    R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]},"index":0}]})",
    R"({"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"x","willContinue":true}],"willContinue":true}}]},"index":0}]})",
    R"({"candidates":[{"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"y"}],"willContinue":true}}]},"index":0}]})",
    R"({"candidates":[{"content":{"parts":[{"functionCall":{}}]},"index":0}]})",
    R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"g","args":{}}}]},"finishReason":"STOP","index":0}]})"};
constexpr std::string_view kSaid =
    "assistant/stop: reasoning(hm) text(Hello.) call(f {\"a\":\"xy\"}) call(g {})\n";

TEST(GeminiContent, OfAStream) {
  std::string stream;
  for (const std::string_view chunk : kChunks) stream.append("data: ").append(chunk).append("\r\n\r\n");
  EXPECT_EQ(said_by_events(make_content_reader, stream), kSaid);
  read_every_beginning(make_content_reader, stream);
}

TEST(GeminiContent, OfAStreamThatIsAnArray) {
  const auto reader = make_content_reader(kRoomyBounds);
  for (const std::string_view chunk : kChunks) reader->on_event(http::ExactCopy(chunk).view());
  EXPECT_EQ(show(reader->output()), kSaid);
}

}  // namespace
}  // namespace archestra::providers::gemini
