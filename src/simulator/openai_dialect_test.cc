// OpenAI's operations beside chat, asked without a server.
#include "simulator/openai_dialect.h"

#include <cstring>

#include "base/base64.h"
#include "simulator/test_dialect.h"

namespace archestra::simulator {
namespace {

constexpr std::string_view kTools =
    R"("tools":[{"type":"web_search"},{"type":"function","name":"mail","parameters":{"properties":{"to":{"type":"string"}}}}])";

class OpenAiTest : public DialectTest {
 protected:
  Told responses(const std::string& more = "") {
    return ask(*dialect, "POST", "/v1/responses",
               R"({"model":"gpt-5","input":"hi")" + (more.empty() ? "" : "," + more) + "}");
  }
  std::string type(const std::string& event) {
    std::string in_data = text(data(event)["type"]);
    EXPECT_TRUE(event.starts_with("event: " + in_data + "\n")) << event;
    return in_data;
  }
  const std::unique_ptr<Dialect> dialect = make_openai_dialect();
};

TEST_F(OpenAiTest, AResponseIsBuiltUpByItsEvents) {
  behaviour.tokens = 2;
  const Told told = responses(R"("stream":true,"reasoning":{"effort":"low"})");
  const std::vector<std::string> expected{"response.created",
                                          "response.in_progress",
                                          "response.output_item.added",
                                          "response.reasoning_summary_part.added",
                                          "response.reasoning_summary_text.delta",
                                          "response.reasoning_summary_text.done",
                                          "response.reasoning_summary_part.done",
                                          "response.output_item.done",
                                          "response.output_item.added",
                                          "response.content_part.added",
                                          "response.output_text.delta",
                                          "response.output_text.delta",
                                          "response.output_text.done",
                                          "response.content_part.done",
                                          "response.output_item.done",
                                          "response.completed"};
  ASSERT_EQ(told.pieces.size(), expected.size());
  std::string deltas;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(type(told.pieces[i]), expected[i]);
    EXPECT_EQ(number(data(told.pieces[i])["sequence_number"]), i);
    if (expected[i] == "response.output_text.delta") deltas += text(data(told.pieces[i])["delta"]);
  }
  EXPECT_EQ(text(data(told.pieces[12])["text"]), deltas);
  const std::string item_id = text(data(told.pieces[10])["item_id"]);
  const auto response = data(told.pieces.back())["response"];
  EXPECT_EQ(text(response["output"].at(0)["type"]), "reasoning");
  EXPECT_EQ(text(response["output"].at(1)["id"]), item_id);
  EXPECT_EQ(text(response["output"].at(1)["content"].at(0)["text"]), deltas);
  EXPECT_EQ(number(response["usage"]["output_tokens"]), 2u);
  EXPECT_EQ(number(response["usage"]["output_tokens_details"]["reasoning_tokens"]), 1u);
  EXPECT_EQ(told.reply.usage->completion_tokens, 2u);
}

TEST_F(OpenAiTest, AResponseSaysTheSameInOneObject) {
  behaviour.tool_calls = 2;
  const std::string with_tools(kTools);
  const Told streamed = responses(with_tools + R"(,"stream":true)");
  const Told whole = responses(with_tools);
  std::string arguments;
  for (const std::string& event : streamed.pieces)
    if (type(event) == "response.function_call_arguments.delta" && number(data(event)["output_index"]) == 1)
      arguments += text(data(event)["delta"]);
  const auto call = parse(whole.text())["output"].at(1);
  EXPECT_EQ(text(call["type"]), "function_call");
  EXPECT_EQ(text(call["name"]), "mail");
  EXPECT_EQ(text(call["arguments"]), arguments);
  const std::string call_id = text(call["call_id"]);
  EXPECT_TRUE(call_id.starts_with("call_")) << call_id;
  EXPECT_EQ(text(data(streamed.pieces.back())["response"]["output"].at(1)["call_id"]), call_id);
  EXPECT_TRUE(parse(arguments)["to"].is_string());
}

TEST_F(OpenAiTest, AnErrorEventEndsAResponse) {
  behaviour.error_event = 3;
  const Told told = responses(R"("stream":true)");
  ASSERT_EQ(told.pieces.size(), 4u);
  EXPECT_EQ(type(told.pieces.back()), "error");
  EXPECT_EQ(number(data(told.pieces.back())["sequence_number"]), 3u);
}

TEST_F(OpenAiTest, AResponseIsPaddedAndMayHideItsUsage) {
  behaviour.body_bytes = 20'000;
  behaviour.usage = false;
  const Told told = responses();
  EXPECT_NEAR(static_cast<double>(told.text().size()), 20'000, 100);
  EXPECT_TRUE(parse(told.text())["usage"].is_null());
  EXPECT_FALSE(told.reply.usage.has_value());
}

TEST_F(OpenAiTest, CompletionsAreTheSameInOneObjectAndInChunks) {
  behaviour.tokens = 3;
  const std::string front = R"({"model":"gpt-3.5-turbo-instruct","prompt":["a","b"])";
  const Told whole = ask(*dialect, "POST", "/completions", front + "}");
  const Told streamed = ask(*dialect, "POST", "/v1/completions",
                            front + R"(,"stream":true,"stream_options":{"include_usage":true}})");
  ASSERT_EQ(streamed.pieces.size(), 2u * 4 + 2);
  std::string second;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto choice = data(streamed.pieces[i])["choices"].at(0);
    if (number(choice["index"]) == 1) second += text(choice["text"]);
  }
  EXPECT_EQ(text(parse(whole.text())["choices"].at(1)["text"]), second);
  EXPECT_EQ(number(parse(whole.text())["usage"]["completion_tokens"]), 6u);
  EXPECT_EQ(number(data(streamed.pieces[8])["usage"]["completion_tokens"]), 6u);
  EXPECT_EQ(streamed.pieces.back(), "data: [DONE]\n\n");
}

TEST_F(OpenAiTest, EmbeddingsAreTheSameAsNumbersAndAsBase64) {
  const std::string front = R"({"model":"text-embedding-3-small","input":["a","b"],"dimensions":3)";
  const Told numbers = ask(*dialect, "POST", "/v1/embeddings", front + "}");
  const Told base64 = ask(*dialect, "POST", "/v1/embeddings", front + R"(,"encoding_format":"base64"})");
  const auto second = parse(numbers.text())["data"].at(1);
  EXPECT_EQ(number(second["index"]), 1u);
  std::string bytes;
  for (std::size_t i = 0; i < 3; ++i) {
    double value = 0;
    ASSERT_EQ(second["embedding"].at(i).get(value), simdjson::SUCCESS);
    const auto narrow = static_cast<float>(value);
    bytes.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
  }
  EXPECT_EQ(text(parse(base64.text())["data"].at(1)["embedding"]), base::base64(bytes));
  EXPECT_EQ(number(parse(numbers.text())["usage"]["total_tokens"]), numbers.reply.usage->prompt_tokens);
}

TEST_F(OpenAiTest, AListOfTokensIsOneInputAndAListOfListsIsSeveral) {
  const auto inputs = [&](std::string_view input) {
    const std::string body = R"({"model":"m","dimensions":1,"input":)" + std::string(input) + "}";
    simdjson::dom::array all;
    return parse(ask(*dialect, "POST", "/embeddings", body).text())["data"].get(all) == simdjson::SUCCESS
               ? all.size()
               : 0;
  };
  EXPECT_EQ(inputs(R"("a")"), 1u);
  EXPECT_EQ(inputs("[1,2,3]"), 1u);
  EXPECT_EQ(inputs("[[1,2],[3]]"), 2u);
  EXPECT_EQ(inputs(R"(["a","b","c"])"), 3u);
}

TEST_F(OpenAiTest, AFileIsUploadedReadAndDeleted) {
  with("content-type", "multipart/form-data; boundary=B");
  const std::string content("line\r\n--not the boundary\r\n\0\xff", 28);
  const std::string form =
      "--B\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--B\r\n"
      "Content-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n"
      "Content-Type: text/plain\r\n\r\n" +
      content + "\r\n--B--\r\n";
  const auto uploaded = parse(ask(*dialect, "POST", "/v1/files", form).text());
  EXPECT_EQ(number(uploaded["bytes"]), content.size());
  EXPECT_EQ(text(uploaded["filename"]), "a b.txt");
  EXPECT_EQ(text(uploaded["purpose"]), "batch");
  const std::string place = "/v1/files/" + text(uploaded["id"]);
  EXPECT_EQ(number(parse(ask(*dialect, "GET", place).text())["bytes"]), content.size());
  EXPECT_EQ(ask(*dialect, "GET", place + "/content").text(), content);
  EXPECT_EQ(text(parse(ask(*dialect, "GET", "/files").text())["data"].at(0)["filename"]), "a b.txt");
  EXPECT_TRUE(bool(parse(ask(*dialect, "DELETE", place).text())["deleted"]));
  EXPECT_EQ(ask(*dialect, "GET", place).reply.status, 404);
  EXPECT_EQ(ask(*dialect, "PUT", "/v1/files").reply.status, 405);
  EXPECT_EQ(ask(*dialect, "POST", "/v1/files", "no form").reply.status, 400);
}

TEST_F(OpenAiTest, SpeechIsAWavOfTheLengthItSays) {
  behaviour.body_bytes = 5000;
  const Told told = ask(*dialect, "POST", "/v1/audio/speech", R"({"model":"tts-1","input":"x"})");
  EXPECT_EQ(told.reply.content_type, "audio/wav");
  const std::string wav = told.text();
  ASSERT_EQ(wav.size(), 5000u);
  std::uint32_t rest = 0;
  std::memcpy(&rest, wav.data() + 4, sizeof rest);
  EXPECT_EQ(rest, wav.size() - 8);
  EXPECT_EQ(wav.substr(0, 4) + wav.substr(8, 8) + wav.substr(36, 4), "RIFFWAVEfmt data");
}

TEST_F(OpenAiTest, BadRequestsNameTheParameter) {
  struct Case {
    std::string_view path;
    std::string_view body;
    std::string_view param;
  };
  for (const Case& c :
       {Case{"/v1/responses", R"({"model":"m"})", "input"},
        Case{"/v1/completions", R"({"prompt":"x"})", "model"},
        Case{"/v1/completions", R"({"model":"m","prompt":"x","n":0})", "n"},
        Case{"/v1/embeddings", R"({"model":"m","input":[]})", "input"},
        Case{"/v1/embeddings", R"({"model":"m","input":"x","dimensions":9999})", "dimensions"},
        Case{"/v1/audio/transcriptions", "", "file"}}) {
    const Told told = ask(*dialect, "POST", c.path, c.body);
    EXPECT_EQ(told.reply.status, 400) << c.path << c.body;
    EXPECT_EQ(text(parse(told.text())["error"]["param"]), c.param) << c.path << c.body;
  }
}

}  // namespace
}  // namespace archestra::simulator
