#include "proxy/content_json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "providers/json_view.h"

namespace archestra::proxy {
namespace {

using providers::ContentList;
using providers::ContentMessage;
using providers::ContentPart;
using providers::json::View;
using Kind = ContentPart::Kind;

constexpr std::string_view kKey = "sk-0123456789abcdef0123";

const policy::Redactor& redactor() {
  static const auto redactor = *policy::Redactor::make("");
  return *redactor;
}

ContentJson with_limit(std::size_t bytes_max) { return {redactor(), {}, bytes_max}; }

ContentList list_of(std::vector<ContentMessage> messages, std::size_t bytes_max = 16384) {
  ContentList list(ContentJson::bounds_for(bytes_max));
  for (ContentMessage& message : messages) {
    list.begin_message(message.role, message.name);
    for (ContentPart& part : message.parts) list.add(std::move(part));
  }
  return list;
}

ContentMessage text(std::string_view role, std::string words) {
  return {.role = std::string(role), .parts = {{.text = std::move(words)}}};
}

std::string repeated(std::string_view words, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += words;
  return out;
}

TEST(ContentJson, WritesEachKindOfPart) {
  const ContentList list = list_of(
      {{.role = "assistant",
        .name = "ann",
        .parts = {
            {.text = "Hi \"you\"\n"},
            {.kind = Kind::kReasoning, .text = "hm"},
            {.kind = Kind::kRefusal, .text = "no"},
            {.kind = Kind::kToolCall, .is_json = true, .text = R"({"a":[1,"x"]})", .id = "c1", .name = "f"},
            {.kind = Kind::kToolCall, .is_json = true, .text = R"({"a":)", .id = "c2", .name = "f"},
            {.kind = Kind::kToolResponse, .text = "21 C", .id = "c1"},
            {.kind = Kind::kBlob, .modality = "image", .mime_type = "image/png", .size = 12},
            {.kind = Kind::kUri, .text = "https://a.test/b", .modality = "image"},
            {.kind = Kind::kFile, .text = "file-1", .modality = "document"},
            {.kind = Kind::kOther, .name = "web_search_call"}}}});
  EXPECT_EQ(
      with_limit(4096).input_messages(list),
      R"([{"role":"assistant","name":"ann","parts":[{"type":"text","content":"Hi \"you\"\n"},)"
      R"({"type":"reasoning","content":"hm"},{"type":"refusal","content":"no"},)"
      R"({"type":"tool_call","id":"c1","name":"f","arguments":{"a":[1,"x"]}},)"
      R"({"type":"tool_call","id":"c2","name":"f","arguments":"{\"a\":"},)"
      R"({"type":"tool_call_response","id":"c1","response":"21 C"},)"
      R"({"type":"blob","modality":"image","mime_type":"image/png","size":12,"content":"","truncated":true},)"
      R"({"type":"uri","modality":"image","uri":"https://a.test/b"},)"
      R"({"type":"file","modality":"document","file_id":"file-1"},{"type":"web_search_call"}]}])");
}

TEST(ContentJson, WritesAnswersWithTheirEnds) {
  ContentList list(ContentJson::bounds_for(4096));
  list.append(*list.part(*list.choice(0), Kind::kText, 0), "one");
  list.choice(0)->finish_reason = "stop";
  list.append(*list.part(*list.choice(1), Kind::kText, 0), "tw");
  EXPECT_EQ(with_limit(4096).output_messages(list),
            R"([{"role":"assistant","finish_reason":"stop","parts":[{"type":"text","content":"one"}]},)"
            R"({"role":"assistant","finish_reason":"error","parts":[{"type":"text","content":"tw"}]}])");
}

TEST(ContentJson, WritesNothingWhereNothingWasSaid) {
  const ContentList none(ContentJson::bounds_for(4096));
  EXPECT_EQ(with_limit(4096).input_messages(none), "");
  EXPECT_EQ(with_limit(4096).output_messages(none), "");
  EXPECT_EQ(with_limit(4096).system_instructions(none), "");
  EXPECT_EQ(with_limit(4096).tool_definitions({}), "");
}

TEST(ContentJson, WritesInstructionsAndTools) {
  EXPECT_EQ(with_limit(4096).system_instructions(list_of({text("system", "Be kind.")})),
            R"([{"type":"text","content":"Be kind."}])");
  const std::vector<providers::ToolDefinition> tools{{"function", "f"}, {"custom", "g"}};
  EXPECT_EQ(with_limit(4096).tool_definitions(tools),
            R"([{"type":"function","name":"f"},{"type":"custom","name":"g"}])");
}

TEST(ContentJson, KeepsTheLastMessages) {
  std::vector<ContentMessage> messages;
  for (int i = 0; i < 100; ++i) messages.push_back(text("user", "message " + std::to_string(i)));
  const std::string json = with_limit(1024).input_messages(list_of(messages, 1024));
  EXPECT_NE(json.find("message 99"), std::string::npos);
  EXPECT_EQ(json.find("message 1\""), std::string::npos);
  EXPECT_NE(json.find(R"("messages_left_out":)"), std::string::npos);
}

TEST(ContentJson, LeavesRoomForWhatWasSaidBeforeALongText) {
  const std::string json = with_limit(2048).input_messages(
      list_of({text("user", "What is in the file?"), text("tool", std::string(100'000, 'x'))}, 2048));
  EXPECT_NE(json.find("What is in the file?"), std::string::npos) << json;
  EXPECT_NE(json.find("xxxxxxxx\",\"truncated\":true}"), std::string::npos) << json;
}

TEST(ContentJson, RedactsWhereverATextMayBe) {
  const std::string key(kKey);
  const ContentList list = list_of(
      {{.role = "user",
        .name = key,
        .parts = {{.text = "my key is " + key},
                  {.kind = Kind::kToolCall,
                   .is_json = true,
                   .text = R"({"k":["sk-\u00301)" + key.substr(5) + R"("],")" + key + R"(":1})",
                   .id = key,
                   .name = key},
                  {.kind = Kind::kToolCall, .is_json = true, .text = R"({"k":"\n)" + key, .name = "f"},
                  {.kind = Kind::kUri, .text = "https://a.test/?k=" + key, .modality = "image"},
                  {.kind = Kind::kToolResponse, .text = key, .id = "c"},
                  {.kind = Kind::kOther, .name = key}}}});
  const std::string json = with_limit(8192).input_messages(list);
  EXPECT_EQ(json.find("sk-"), std::string::npos) << json;
  EXPECT_TRUE(View::parse(json).has_value());
  const std::vector<std::string_view> secrets{"the-clients-own"};
  const std::string own =
      ContentJson(redactor(), secrets, 4096).input_messages(list_of({text("user", "I am the-clients-own.")}));
  EXPECT_EQ(own, R"([{"role":"user","parts":[{"type":"text","content":"I am [REDACTED]."}]}])");
}

// What a limit may cut: credentials, escapes, characters of every length, JSON within JSON.
std::vector<ContentMessage> awkward() {
  const std::string words = repeated("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"\\\n\x01 plain \xFF ", 20);
  return {text("system", "Be \"kind\"."),
          {.role = "user",
           .parts = {{.text = words}, {.kind = Kind::kBlob, .modality = "image", .size = 5}, {.text = ""}}},
          {.role = "assistant",
           .parts = {{.kind = Kind::kReasoning, .text = repeated("so ", 50)},
                     {.kind = Kind::kToolCall,
                      .is_json = true,
                      .text = R"({"path":")" + repeated("a/b\\\\c ", 30) + R"("})",
                      .id = "call-1",
                      .name = "read"}}},
          {.role = "tool",
           .parts = {{.kind = Kind::kToolResponse,
                      .text = repeated(std::string(kKey) + " ", 30),
                      .id = "call-1"}}},
          {.role = "assistant"},
          text("user", words + std::string(kKey))};
}

TEST(ContentJson, IsWholeJsonWithinAnyLimit) {
  const ContentList list = list_of(awkward());
  const std::size_t all = with_limit(1 << 20).input_messages(list).size();
  for (std::size_t limit = 0; limit < all + 10; ++limit) {
    for (const std::string& json :
         {with_limit(limit).input_messages(list), with_limit(limit).output_messages(list),
          with_limit(limit).system_instructions(list_of({awkward()[1]}))}) {
      ASSERT_LE(json.size(), limit);
      ASSERT_TRUE(json.empty() || View::parse(json).has_value()) << limit << "\n" << json;
      ASSERT_EQ(json.find("sk-"), std::string::npos) << limit << "\n" << json;
    }
    if (limit >= 1024) {
      ASSERT_NE(with_limit(limit).input_messages(list), "");
    }
  }
}

TEST(ContentJson, SaysThatSomethingWasCut) {
  const ContentList list = list_of(awkward());
  const std::size_t all = with_limit(1 << 20).input_messages(list).size();
  for (std::size_t limit = 1024; limit + 100 < all; limit += 7) {
    const std::string json = with_limit(limit).input_messages(list);
    const bool is_told = json.contains(R"("truncated":true)") || json.contains("_left_out\":");
    ASSERT_TRUE(is_told) << json;
  }
}

// The beginning of a longer text may end within a credential that nobody can recognise any more.
TEST(ContentJson, ShowsNothingNearWhereATextWasCutBefore) {
  const std::size_t limit = 2048;
  const auto bounds = ContentJson::bounds_for(limit);
  for (std::size_t cut = 1; cut < kKey.size(); ++cut) {
    ContentList list(bounds);
    list.begin_message("user");
    list.add({.text = std::string(bounds.text_bytes_max - cut, ' ') + std::string(kKey)});
    EXPECT_TRUE(list.messages()[0].parts[0].is_cut);
    EXPECT_EQ(with_limit(1 << 20).input_messages(list).find("sk-"), std::string::npos);
    ContentList output(bounds);
    ContentPart& part = *output.part(*output.choice(0), Kind::kText, 0);
    output.append(part, std::string(bounds.text_bytes_max - cut, ' '));
    for (const char c : kKey) output.append(part, {&c, 1});
    EXPECT_EQ(with_limit(1 << 20).output_messages(output).find("sk-"), std::string::npos);
  }
}

}  // namespace
}  // namespace archestra::proxy
