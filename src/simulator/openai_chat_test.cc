// What the OpenAI dialect writes, read back by a JSON parser that is not ours.
#include "simulator/openai_chat.h"

#include <utility>
#include <vector>

#include "simulator/test_dialect.h"

namespace archestra::simulator {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kTools =
    R"("tools":[{"type":"function","function":{"name":"send \"mail\"","parameters":{"type":"object","properties":)"
    R"({"to":{"type":"string"},"count":{"type":"integer"},"urgent":{"type":"boolean"}}}}}])";

class ChatTest : public DialectTest {
 protected:
  // An answer to a request with `more` members, as the dialect makes it for call number `call`.
  ChatAnswer answer(const std::string& more = "", std::uint64_t call = 7) {
    body = R"({"model":"gpt-4o","messages":[])" + (more.empty() ? "" : "," + more) + "}";
    const auto chat = read_chat(bodies, body);
    EXPECT_TRUE(chat.has_value()) << body;
    base::Random random(call);
    return make_chat_answer(*chat, request_for(random, "POST", "/v1/chat/completions", body), 1'700'000'000);
  }

  static std::vector<std::string> events(ChatAnswer answer, const Prose& prose) {
    return pieces_of(*chat_stream(std::move(answer), prose));
  }

  std::string body;
  BodyParser bodies;
};

TEST_F(ChatTest, AStreamIsWrittenAsTheProviderWritesIt) {
  ChatAnswer plain;
  plain.id = "chatcmpl-A";
  plain.model = R"("m")";
  plain.created_s = 5;
  plain.tokens = 1;
  plain.usage =
      TokenFigures{.prompt_tokens = 9, .cached_tokens = 4, .completion_tokens = 3, .reasoning_tokens = 1};
  plain.usage_in_stream = true;
  const std::string front =
      R"(data: {"id":"chatcmpl-A","object":"chat.completion.chunk","created":5,"model":"m","service_tier":"default",)"
      R"("system_fingerprint":"fp_5a11fa7e00","choices":[)";
  const std::string back = R"(,"usage":null})"
                           "\n\n";
  const std::vector<std::string> expected{
      front +
          R"({"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}])" +
          back,
      front + R"({"index":0,"delta":{"content":")" + std::string(prose.word(0)) +
          R"("},"logprobs":null,"finish_reason":null}])" + back,
      front + R"({"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}])" + back,
      front +
          R"(],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4,)"
          R"("audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":1,"audio_tokens":0,"accepted_prediction_tokens":0,)"
          R"("rejected_prediction_tokens":0}}})"
          "\n\n",
      "data: [DONE]\n\n"};
  EXPECT_EQ(events(plain, prose), expected);
}

TEST_F(ChatTest, JsonAndStreamSayTheSame) {
  behaviour.tokens = 300;
  const std::string whole = chat_json(answer(), prose, 0);
  const auto stream = events(answer(R"("stream":true)"), prose);
  ASSERT_EQ(stream.size(), 300u + 3);
  std::string content;
  for (std::size_t i = 0; i + 1 < stream.size(); ++i) {
    const dom::element chunk = data(stream[i]);
    EXPECT_EQ(chunk["usage"].error(), simdjson::NO_SUCH_FIELD);
    std::string_view piece;
    if (chunk["choices"].at(0)["delta"]["content"].get(piece) == simdjson::SUCCESS) content += piece;
  }
  const dom::element json = parse(whole);
  EXPECT_EQ(text(json["choices"].at(0)["message"]["content"]), content);
  EXPECT_EQ(text(json["choices"].at(0)["finish_reason"]), "stop");
  EXPECT_EQ(text(json["model"]), "gpt-4o-2024-08-06");
  EXPECT_EQ(number(json["usage"]["completion_tokens"]), 300u);
  EXPECT_EQ(number(json["usage"]["total_tokens"]), number(json["usage"]["prompt_tokens"]) + 300);
}

TEST_F(ChatTest, ADatedModelIsAnsweredAsItIs) {
  ChatRequest chat;
  base::Random random(1);
  const DialectRequest request = request_for(random, "POST", "/v1/chat/completions", "");
  chat.model = "gpt-4o-2024-11-20";
  EXPECT_EQ(make_chat_answer(chat, request, 0).model, R"("gpt-4o-2024-11-20")");
  chat.model = "gpt-4o-2024-11-2x";
  EXPECT_EQ(make_chat_answer(chat, request, 0).model, R"("gpt-4o-2024-11-2x-2024-08-06")");
  chat.model = "a\"b";
  EXPECT_EQ(make_chat_answer(chat, request, 0).model, R"("a\"b-2024-08-06")");
}

TEST_F(ChatTest, ToolCallsCarryTheDeclaredPropertiesInOneWayOrTheOther) {
  behaviour.tool_calls = 2;
  const std::string more(kTools);
  const dom::element json = parse(chat_json(answer(more), prose, 0));
  const auto message = json["choices"].at(0)["message"];
  EXPECT_TRUE(message["content"].is_null());
  EXPECT_EQ(text(json["choices"].at(0)["finish_reason"]), "tool_calls");
  EXPECT_EQ(text(message["tool_calls"].at(1)["function"]["name"]), "send \"mail\"");
  const std::string arguments = text(message["tool_calls"].at(1)["function"]["arguments"]);
  const std::string id = text(message["tool_calls"].at(1)["id"]);
  EXPECT_TRUE(id.starts_with("call_")) << id;

  std::string streamed_arguments, streamed_name, streamed_id, finish;
  for (const std::string& event : events(answer(more), prose)) {
    if (event == "data: [DONE]\n\n") break;
    const auto choice = data(event)["choices"].at(0);
    if (choice["finish_reason"].is_string()) finish = text(choice["finish_reason"]);
    const auto call = choice["delta"]["tool_calls"].at(0);
    if (call.error() != simdjson::SUCCESS || number(call["index"]) != 1) continue;
    streamed_arguments += text(call["function"]["arguments"]);
    if (call["id"].error() == simdjson::SUCCESS) streamed_id = text(call["id"]);
    if (call["function"]["name"].error() == simdjson::SUCCESS) streamed_name = text(call["function"]["name"]);
  }
  EXPECT_EQ(streamed_arguments, arguments);
  EXPECT_EQ(streamed_name, "send \"mail\"");
  EXPECT_EQ(streamed_id, id);
  EXPECT_EQ(finish, "tool_calls");

  const dom::element object = parse(arguments);
  EXPECT_TRUE(object["to"].is_string());
  EXPECT_EQ(number(object["count"]), 42u);
  EXPECT_TRUE(object["urgent"].is_bool());
}

TEST_F(ChatTest, ToolCallsByChanceComeOnlyWhereToolsMayBeCalled) {
  behaviour.tool_call_fraction = 0.5;
  int calls = 0;
  for (std::uint64_t call = 0; call < 200; ++call) {
    calls += answer(std::string(kTools), call).tool_calls > 0 ? 1 : 0;
    EXPECT_EQ(answer("", call).tool_calls, 0u);
    EXPECT_EQ(answer(std::string(kTools) + R"(,"tool_choice":"none")", call).tool_calls, 0u);
  }
  EXPECT_GT(calls, 60);
  EXPECT_LT(calls, 140);
}

TEST_F(ChatTest, EachOfSeveralChoicesIsWhole) {
  behaviour.tokens = 5;
  const dom::element json = parse(chat_json(answer(R"("n":3)"), prose, 0));
  EXPECT_EQ(number(json["usage"]["completion_tokens"]), 15u);
  std::vector<std::string> whole(3);
  for (std::size_t i = 0; i < 3; ++i) whole[i] = text(json["choices"].at(i)["message"]["content"]);
  std::vector<std::string> streamed(3);
  for (const std::string& event : events(answer(R"("n":3)"), prose)) {
    if (event == "data: [DONE]\n\n") break;
    const auto choice = data(event)["choices"].at(0);
    std::string_view piece;
    if (choice["delta"]["content"].get(piece) == simdjson::SUCCESS)
      streamed.at(number(choice["index"])) += piece;
  }
  EXPECT_EQ(streamed, whole);
}

TEST_F(ChatTest, AnErrorEventEndsTheStream) {
  behaviour.error_event = 4;
  const auto stream = events(answer(), prose);
  ASSERT_EQ(stream.size(), 5u);
  EXPECT_EQ(text(data(stream.back())["error"]["type"]), "server_error");
}

TEST_F(ChatTest, UsageCanBeLeftOut) {
  behaviour.usage = false;
  EXPECT_EQ(parse(chat_json(answer(), prose, 0))["usage"].error(), simdjson::NO_SUCH_FIELD);
  const auto stream = events(answer(R"("stream_options":{"include_usage":true})"), prose);
  for (const std::string& event : stream) EXPECT_EQ(event.find("usage"), std::string::npos);
}

TEST_F(ChatTest, UsageDependsOnRequestAndSeedAlone) {
  bool cached = false;
  bool reasoning = false;
  for (int i = 0; i < 100; ++i) {
    const std::string request = "request " + std::to_string(i);
    const TokenFigures one = token_figures(request, 30, 5);
    const TokenFigures same = token_figures(request, 30, 5);
    EXPECT_EQ(one.prompt_tokens, same.prompt_tokens);
    EXPECT_EQ(one.cached_tokens, same.cached_tokens);
    EXPECT_EQ(one.completion_tokens, 30u);
    EXPECT_LE(one.cached_tokens, one.prompt_tokens);
    EXPECT_LE(one.reasoning_tokens, one.completion_tokens);
    cached = cached || one.cached_tokens > 0;
    reasoning = reasoning || one.reasoning_tokens > 0;
  }
  EXPECT_TRUE(cached);
  EXPECT_TRUE(reasoning);
}

TEST_F(ChatTest, AnswersAreTheSameForTheSameCallAndDifferOtherwise) {
  EXPECT_EQ(chat_json(answer("", 3), prose, 0), chat_json(answer("", 3), prose, 0));
  EXPECT_NE(answer("", 3).id, answer("", 4).id);
  std::string one, two;
  Prose(1).append_words(one, 0, 50);
  Prose(2).append_words(two, 0, 50);
  EXPECT_NE(one, two);
}

TEST_F(ChatTest, PaddingComesNearTheSizeAskedFor) {
  for (const std::size_t bytes : {1024u, 10'000u, 1'000'000u}) {
    const std::string json = chat_json(answer(), prose, bytes);
    parse(json);
    EXPECT_NEAR(static_cast<double>(json.size()), static_cast<double>(bytes), 100);
  }
}

TEST(ProseTest, WordsAndRunsOfWordsAreTheSameText) {
  const Prose prose(9);
  std::string by_word, by_run, by_bytes;
  for (std::size_t i = 0; i < 10'000; ++i) by_word += prose.word(4000 + i);
  prose.append_words(by_run, 4000, 10'000);
  EXPECT_EQ(by_run, by_word);
  prose.append_bytes(by_bytes, 4000, 30'000);
  EXPECT_EQ(by_bytes, by_word.substr(0, by_bytes.size()));
  EXPECT_GT(by_bytes.size(), 29'900u);
  EXPECT_LE(by_bytes.size(), 30'000u);
}

TEST(ChatRequestTest, ReadsWhatTheAnswerDependsOn) {
  BodyParser json;
  const auto chat = read_chat(
      json,
      R"({"messages":[{"role":"user","content":"x"}],"n":2,"stream":true,"stream_options":{"include_usage":true},"model":"m"})");
  ASSERT_TRUE(chat.has_value());
  EXPECT_EQ(chat->model, "m");
  EXPECT_TRUE(chat->stream);
  EXPECT_TRUE(chat->include_usage);
  EXPECT_EQ(chat->choices, 2u);
  EXPECT_FALSE(chat->may_call_tools);
}

TEST(ChatRequestTest, RefusesWhatTheProviderRefuses) {
  BodyParser json;
  struct Case {
    std::string_view body;
    std::string_view param;
  };
  for (const Case& c :
       {Case{"", ""}, Case{"{", ""}, Case{"[]", ""}, Case{R"({"model":"m","messages":[]}x)", ""},
        Case{R"({"messages":[]})", "model"}, Case{R"({"model":3,"messages":[]})", "model"},
        Case{R"({"model":"m"})", "messages"}, Case{R"({"model":"m","messages":[],"n":0})", "n"},
        Case{R"({"model":"m","messages":[],"n":129})", "n"}}) {
    const auto chat = read_chat(json, c.body);
    ASSERT_FALSE(chat.has_value()) << c.body;
    EXPECT_EQ(chat.error().param, c.param) << c.body;
  }
}

}  // namespace
}  // namespace archestra::simulator
