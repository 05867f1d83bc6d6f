// Anthropic's operations, asked without a server.
#include "simulator/anthropic_dialect.h"

#include "simulator/test_dialect.h"

namespace archestra::simulator {
namespace {

constexpr std::string_view kTools =
    R"("tools":[{"type":"web_search_20250305","name":"web_search"},)"
    R"({"name":"mail","input_schema":{"type":"object","properties":{"to":{"type":"string"},"count":{"type":"integer"}}}}])";

class AnthropicTest : public DialectTest {
 protected:
  Told messages(const std::string& more = "") {
    return ask(*dialect, "POST", "/v1/messages",
               R"({"model":"claude-sonnet-4-5","max_tokens":100,"messages":[])" +
                   (more.empty() ? "" : "," + more) + "}");
  }
  // "message_start", "content_block_delta text_delta 1" (with the block's index) and so on.
  std::string named(const std::string& event) {
    const auto element = data(event);
    std::string name = text(element["type"]);
    EXPECT_TRUE(event.starts_with("event: " + name + "\n")) << event;
    std::string_view type;
    if (element["delta"]["type"].get(type) == simdjson::SUCCESS) name.append(" ").append(type);
    if (element["content_block"]["type"].get(type) == simdjson::SUCCESS) name.append(" ").append(type);
    std::uint64_t index = 0;
    if (element["index"].get(index) == simdjson::SUCCESS) name.append(" ").append(std::to_string(index));
    return name;
  }
  std::vector<std::string> names(const Told& told) {
    std::vector<std::string> all;
    all.reserve(told.pieces.size());
    for (const std::string& event : told.pieces) all.push_back(named(event));
    return all;
  }
  const std::unique_ptr<Dialect> dialect = make_anthropic_dialect();
};

TEST_F(AnthropicTest, AStreamGoesFromBlockToBlock) {
  behaviour.tokens = 2;
  const Told told = messages(R"("stream":true,"thinking":{"type":"enabled","budget_tokens":1024})");
  const std::vector<std::string> expected{"message_start",
                                          "content_block_start thinking 0",
                                          "ping",
                                          "content_block_delta thinking_delta 0",
                                          "content_block_delta signature_delta 0",
                                          "content_block_stop 0",
                                          "content_block_start text 1",
                                          "content_block_delta text_delta 1",
                                          "content_block_delta text_delta 1",
                                          "content_block_stop 1",
                                          "message_delta",
                                          "message_stop"};
  EXPECT_EQ(names(told), expected);
  EXPECT_EQ(number(data(told.pieces[0])["message"]["usage"]["output_tokens"]), 1u);
  const auto end = data(told.pieces[10]);
  EXPECT_EQ(text(end["delta"]["stop_reason"]), "end_turn");
  EXPECT_EQ(number(end["usage"]["output_tokens"]), 2u);
  EXPECT_EQ(number(end["usage"]["output_tokens_details"]["thinking_tokens"]), 1u);
}

TEST_F(AnthropicTest, OneObjectSaysTheSameAsTheStream) {
  behaviour.tokens = 40;
  const Told streamed = messages(R"("stream":true,"thinking":{"type":"adaptive"})");
  const Told whole = messages(R"("thinking":{"type":"adaptive"})");
  std::string thinking, said, signature;
  for (const std::string& event : streamed.pieces) {
    const auto delta = data(event)["delta"];
    if (delta["thinking"].is_string()) thinking += text(delta["thinking"]);
    if (delta["text"].is_string()) said += text(delta["text"]);
    if (delta["signature"].is_string()) signature += text(delta["signature"]);
  }
  const auto content = parse(whole.text())["content"];
  EXPECT_EQ(text(content.at(0)["thinking"]), thinking);
  EXPECT_EQ(text(content.at(0)["signature"]), signature);
  EXPECT_EQ(text(content.at(1)["text"]), said);
  EXPECT_EQ(text(parse(whole.text())["model"]), "claude-sonnet-4-5-20250929");
  EXPECT_EQ(text(parse(whole.text())["stop_reason"]), "end_turn");
}

TEST_F(AnthropicTest, ToolsAreUsedInFragmentsOrWhole) {
  behaviour.tool_calls = 2;
  const std::string with_tools(kTools);
  const Told streamed = messages(with_tools + R"(,"stream":true)");
  std::string arguments;
  for (const std::string& event : streamed.pieces)
    if (named(event) == "content_block_delta input_json_delta 1")
      arguments += text(data(event)["delta"]["partial_json"]);
  EXPECT_EQ(number(parse(arguments)["count"]), 42u);
  const auto second = parse(messages(with_tools).text())["content"].at(1);
  EXPECT_EQ(text(second["name"]), "mail");
  EXPECT_EQ(number(second["input"]["count"]), 42u);
  EXPECT_TRUE(text(second["id"]).starts_with("toolu_01"));
  EXPECT_EQ(text(data(streamed.pieces[streamed.pieces.size() - 2])["delta"]["stop_reason"]), "tool_use");
}

TEST_F(AnthropicTest, ToolsAreNotUsedByChanceWhereTheyMayNot) {
  behaviour.tool_call_fraction = 1;
  EXPECT_EQ(text(parse(messages(std::string(kTools)).text())["stop_reason"]), "tool_use");
  EXPECT_EQ(
      text(parse(messages(std::string(kTools) + R"(,"tool_choice":{"type":"none"})").text())["stop_reason"]),
      "end_turn");
  EXPECT_EQ(text(parse(messages().text())["stop_reason"]), "end_turn");
}

TEST_F(AnthropicTest, InputAndCachedInputAddUpToThePrompt) {
  bool cached = false;
  bool written = false;
  for (int i = 0; i < 60; ++i) {
    const Told told = messages(R"("metadata":{"user_id":")" + std::to_string(i) + "\"}");
    const auto usage = parse(told.text())["usage"];
    const std::uint64_t read = number(usage["cache_read_input_tokens"]);
    const std::uint64_t creation = number(usage["cache_creation_input_tokens"]);
    EXPECT_EQ(number(usage["input_tokens"]) + read + creation, told.reply.usage->prompt_tokens);
    EXPECT_EQ(told.reply.usage->reasoning_tokens, 0u);
    cached = cached || read > 0;
    written = written || creation > 0;
  }
  EXPECT_TRUE(cached);
  EXPECT_TRUE(written);
}

TEST_F(AnthropicTest, AnErrorEventEndsTheStream) {
  behaviour.error_event = 4;
  const Told told = messages(R"("stream":true)");
  ASSERT_EQ(told.pieces.size(), 5u);
  EXPECT_EQ(named(told.pieces.back()), "error");
  EXPECT_EQ(text(data(told.pieces.back())["error"]["type"]), "overloaded_error");
}

TEST_F(AnthropicTest, UsageCanBeLeftOutAndBodiesPadded) {
  behaviour.usage = false;
  behaviour.body_bytes = 30'000;
  const Told whole = messages();
  EXPECT_EQ(parse(whole.text())["usage"].error(), simdjson::NO_SUCH_FIELD);
  EXPECT_NEAR(static_cast<double>(whole.text().size()), 30'000, 300);
  EXPECT_EQ(messages(R"("stream":true)").text().find("usage"), std::string::npos);
}

TEST_F(AnthropicTest, ErrorsHaveTheRequestsId) {
  struct Case {
    std::string_view body;
    std::string_view message;
  };
  for (const Case& c : {Case{"{", "The request body is not valid JSON"},
                        Case{R"({"max_tokens":1,"messages":[]})", "model: Field required"},
                        Case{R"({"model":"m","max_tokens":1})", "messages: Field required"},
                        Case{R"({"model":"m","messages":[]})", "max_tokens: Field required"}}) {
    const Told told = ask(*dialect, "POST", "/messages", c.body);
    EXPECT_EQ(told.reply.status, 400);
    const auto error = parse(told.text());
    EXPECT_EQ(text(error["type"]), "error");
    EXPECT_EQ(text(error["error"]["type"]), "invalid_request_error");
    EXPECT_EQ(text(error["error"]["message"]), c.message);
    EXPECT_TRUE(told.reply.fields.starts_with("request-id: " + text(error["request_id"]) + "\r\n"));
  }
}

TEST_F(AnthropicTest, CountsTokensAndKnowsModels) {
  const Told count = ask(*dialect, "POST", "/v1/messages/count_tokens", R"({"model":"m","messages":[]})");
  EXPECT_GT(number(parse(count.text())["input_tokens"]), 0u);
  EXPECT_FALSE(count.reply.usage.has_value());
  with("Anthropic-Version", "2023-06-01");
  EXPECT_EQ(text(parse(ask(*dialect, "GET", "/v1/models/x").text())["id"]), "x");
  EXPECT_EQ(text(parse(ask(*dialect, "GET", "/v1/models").text())["data"].at(0)["type"]), "model");
  EXPECT_EQ(ask(*dialect, "GET", "/v1/messages").reply.status, 405);
  const Told unknown = ask(*dialect, "POST", "/v1/nope", "{}");
  EXPECT_EQ(unknown.reply.status, 404);
  EXPECT_EQ(text(parse(unknown.text())["error"]["type"]), "not_found_error");
}

}  // namespace
}  // namespace archestra::simulator
