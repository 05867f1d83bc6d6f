// Gemini's operations, asked without a server.
#include "simulator/gemini_dialect.h"

#include "simulator/test_dialect.h"

namespace archestra::simulator {
namespace {

constexpr std::string_view kTools =
    R"("tools":[{"functionDeclarations":[{"name":"mail","parameters":{"type":"OBJECT","properties":{"to":{"type":"STRING"},"count":{"type":"INTEGER"}}}}]}])";
constexpr std::string_view kThoughts = R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})";
constexpr std::string_view kEvents = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
constexpr std::string_view kArray = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";
constexpr std::string_view kWhole = "/v1/models/gemini-2.5-flash:generateContent";

class GeminiTest : public DialectTest {
 protected:
  Told generate(std::string_view target, std::string_view more = "") {
    std::string body = R"({"contents":[{"parts":[{"text":"hi"}]}])";
    if (!more.empty()) body.append(",").append(more);
    return ask(*dialect, "POST", target, body + "}");
  }
  static Lookup part(Element chunk, std::size_t index = 0) {
    return chunk["candidates"].at(0)["content"]["parts"].at(index);
  }
  static std::uint64_t tokens(Lookup usage, std::string_view name) {
    std::uint64_t value = 0;
    return usage[name].get(value) == simdjson::SUCCESS ? value : 0;
  }
  const std::unique_ptr<Dialect> dialect = make_gemini_dialect();
};

TEST_F(GeminiTest, AStreamShowsThoughtsThenTextWithGrowingFigures) {
  behaviour.tokens = 8;
  const Told told = generate(kEvents, kThoughts);
  EXPECT_EQ(told.reply.content_type, "text/event-stream");
  ASSERT_EQ(told.pieces.size(), 4u + 8 + 1);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < told.pieces.size(); ++i) {
    EXPECT_TRUE(told.pieces[i].ends_with("}\r\n\r\n"));
    const auto chunk = data(told.pieces[i]);
    EXPECT_EQ(part(chunk)["thought"].error() == simdjson::SUCCESS, i < 4) << i;
    EXPECT_EQ(chunk["candidates"].at(0)["finishReason"].error() == simdjson::SUCCESS, i == 12) << i;
    const std::uint64_t total = number(chunk["usageMetadata"]["totalTokenCount"]);
    EXPECT_GE(total, before);
    before = total;
  }
  const auto usage = data(told.pieces.back())["usageMetadata"];
  EXPECT_EQ(number(usage["thoughtsTokenCount"]), 4u);
  EXPECT_EQ(number(usage["candidatesTokenCount"]), 4u);
  EXPECT_EQ(number(usage["totalTokenCount"]), number(usage["promptTokenCount"]) + 8);
  EXPECT_EQ(told.reply.usage->completion_tokens, 8u);
  EXPECT_EQ(told.reply.usage->prompt_tokens, number(usage["promptTokenCount"]));
}

TEST_F(GeminiTest, EventsArrayAndOneObjectSayTheSame) {
  behaviour.tokens = 50;
  std::string in_events, in_array;
  for (const std::string& event : generate(kEvents).pieces) in_events += text(part(data(event))["text"]);
  const Told array = generate(kArray);
  EXPECT_EQ(array.reply.content_type, "application/json; charset=UTF-8");
  EXPECT_EQ(array.pieces.size(), 51u);
  simdjson::dom::array chunks;
  ASSERT_EQ(parse(array.text()).get(chunks), simdjson::SUCCESS);
  for (const Element chunk : chunks) in_array += text(part(chunk)["text"]);
  const auto whole = parse(generate(kWhole).text());
  EXPECT_EQ(text(part(whole)["text"]), in_events);
  EXPECT_EQ(in_array, in_events);
  EXPECT_EQ(text(whole["modelVersion"]), "gemini-2.5-flash");
  EXPECT_EQ(text(whole["candidates"].at(0)["finishReason"]), "STOP");
}

TEST_F(GeminiTest, FunctionsAreCalledWithTheirArguments) {
  behaviour.tool_calls = 2;
  const auto whole = parse(generate(kWhole, kTools).text());
  EXPECT_EQ(text(part(whole, 1)["functionCall"]["name"]), "mail");
  EXPECT_EQ(number(part(whole, 1)["functionCall"]["args"]["count"]), 42u);
  const Told streamed = generate(kEvents, kTools);
  ASSERT_EQ(streamed.pieces.size(), 3u);
  EXPECT_EQ(number(part(data(streamed.pieces[1]))["functionCall"]["args"]["count"]), 42u);
}

TEST_F(GeminiTest, FunctionsAreNotCalledByChanceWhereTheyMayNot) {
  behaviour.tool_call_fraction = 1;
  const auto calls = [&](const std::string& more) {
    return part(parse(generate(kWhole, more).text()))["functionCall"].error() == simdjson::SUCCESS;
  };
  const std::string tools(kTools);
  EXPECT_TRUE(calls(tools));
  EXPECT_FALSE(calls(tools + R"(,"toolConfig":{"functionCallingConfig":{"mode":"NONE"}})"));
  EXPECT_FALSE(calls(R"("tools":[{"googleSearch":{}}])"));
}

TEST_F(GeminiTest, FiguresAddUp) {
  bool cached = false;
  for (int i = 0; i < 60; ++i) {
    const std::string more = R"("tools":[{"googleSearch":{}}],"labels":{"n":")" + std::to_string(i) + "\"}";
    const Told told = generate(kWhole, more);
    const auto usage = parse(told.text())["usageMetadata"];
    EXPECT_GT(tokens(usage, "toolUsePromptTokenCount"), 0u);
    EXPECT_EQ(tokens(usage, "totalTokenCount"),
              tokens(usage, "promptTokenCount") + tokens(usage, "toolUsePromptTokenCount") +
                  tokens(usage, "candidatesTokenCount") + tokens(usage, "thoughtsTokenCount"));
    EXPECT_EQ(told.reply.usage->cached_tokens, tokens(usage, "cachedContentTokenCount"));
    EXPECT_EQ(told.reply.usage->completion_tokens,
              tokens(usage, "candidatesTokenCount") + tokens(usage, "thoughtsTokenCount"));
    cached = cached || told.reply.usage->cached_tokens > 0;
  }
  EXPECT_TRUE(cached);
}

TEST_F(GeminiTest, AnErrorEndsAStreamInItsForm) {
  behaviour.error_event = 3;
  const Told events = generate(kEvents);
  ASSERT_EQ(events.pieces.size(), 4u);
  EXPECT_EQ(text(data(events.pieces.back())["error"]["status"]), "UNAVAILABLE");
  EXPECT_EQ(text(parse(generate(kArray).text()).at(3)["error"]["status"]), "UNAVAILABLE");
  behaviour.error_event = 0;
  EXPECT_EQ(number(parse(generate(kArray).text()).at(0)["error"]["code"]), 503u);
}

TEST_F(GeminiTest, UsageCanBeLeftOutAndBodiesPadded) {
  behaviour.usage = false;
  behaviour.body_bytes = 30'000;
  EXPECT_EQ(generate(kEvents).text().find("usage"), std::string::npos);
  const std::string whole = generate(kWhole).text();
  EXPECT_EQ(whole.find("usage"), std::string::npos);
  EXPECT_NEAR(static_cast<double>(whole.size()), 30'000, 400);
}

TEST_F(GeminiTest, ErrorsHaveTheProvidersShape) {
  const Told bad = ask(*dialect, "POST", kWhole, "{}");
  EXPECT_EQ(bad.reply.status, 400);
  EXPECT_EQ(number(parse(bad.text())["error"]["code"]), 400u);
  EXPECT_EQ(text(parse(bad.text())["error"]["status"]), "INVALID_ARGUMENT");
  EXPECT_EQ(number(parse(ask(*dialect, "POST", kArray, "{").text()).at(0)["error"]["code"]), 400u);
  EXPECT_EQ(ask(*dialect, "GET", kWhole).reply.status, 405);
  EXPECT_EQ(text(parse(ask(*dialect, "POST", "/v1alpha/nope", "{}").text())["error"]["status"]), "NOT_FOUND");
}

TEST_F(GeminiTest, CountsEmbedsAndKnowsModels) {
  const std::string front = "/v1beta/models/gemini-embedding-001:";
  EXPECT_GT(
      number(parse(ask(*dialect, "POST", front + "countTokens", R"({"contents":[]})").text())["totalTokens"]),
      0u);
  simdjson::dom::array values;
  const Told one =
      ask(*dialect, "POST", front + "embedContent", R"({"content":{},"outputDimensionality":5})");
  ASSERT_EQ(parse(one.text())["embedding"]["values"].get(values), simdjson::SUCCESS);
  EXPECT_EQ(values.size(), 5u);
  const Told batch =
      ask(*dialect, "POST", front + "batchEmbedContents", R"({"requests":[{"content":{}},{"content":{}}]})");
  ASSERT_EQ(parse(batch.text())["embeddings"].at(1)["values"].get(values), simdjson::SUCCESS);
  EXPECT_EQ(values.size(), 768u);
  EXPECT_EQ(batch.reply.usage->prompt_tokens,
            number(parse(batch.text())["usageMetadata"]["promptTokenCount"]));
  EXPECT_EQ(ask(*dialect, "POST", front + "embedContent", R"({"content":{},"outputDimensionality":0})")
                .reply.status,
            400);
  EXPECT_EQ(text(parse(ask(*dialect, "GET", "/v1beta/models/x").text())["name"]), "models/x");
  with("X-Goog-Api-Key", "key");
  EXPECT_TRUE(parse(ask(*dialect, "GET", "/v1/models").text())["models"].is_array());
}

TEST_F(GeminiTest, TunedModelsKeepTheirCollection) {
  const Told told = generate("/v1beta/tunedModels/my_model.1:generateContent");
  EXPECT_EQ(text(parse(told.text())["modelVersion"]), "tunedModels/my_model.1");
}

class GeminiUploadTest : public GeminiTest {
 protected:
  static std::string field(const Told& told, const std::string& name) {
    const std::size_t at = told.reply.fields.find(name + ": ");
    if (at == std::string::npos) return "(none)";
    const std::size_t begin = at + name.size() + 2;
    return told.reply.fields.substr(begin, told.reply.fields.find("\r\n", begin) - begin);
  }
  std::string start() {
    fields.clear();
    fields.try_add({.name = "Host", .value = "sim:80", .id = http::HeaderId::kHost});
    with("X-Goog-Upload-Protocol", "resumable");
    with("X-Goog-Upload-Command", "start");
    with("X-Goog-Upload-Header-Content-Type", "text/plain");
    const Told told = ask(*dialect, "POST", "/upload/v1beta/files", R"({"file":{"displayName":"a b"}})");
    EXPECT_EQ(field(told, "x-goog-upload-status"), "active");
    const std::string url = field(told, "x-goog-upload-url");
    const std::string origin = "http://sim:80";
    EXPECT_TRUE(url.starts_with(origin + "/upload/v1beta/files?upload_id=")) << url;
    return url.substr(origin.size());
  }
  Told send(const std::string& target, std::string_view command, std::string_view offset,
            std::string_view body) {
    fields.clear();
    with("x-goog-upload-command", command);
    with("x-goog-upload-offset", offset);
    return ask(*dialect, "POST", target, body);
  }
};

TEST_F(GeminiUploadTest, AFileComesInPieces) {
  const std::string target = start();
  EXPECT_EQ(field(send(target, "upload", "0", "one"), "x-goog-upload-status"), "active");
  EXPECT_EQ(send(target, "upload", "0", "again").reply.status, 400);
  EXPECT_EQ(field(send(target, "query", "", ""), "x-goog-upload-size-received"), "3");
  const Told last = send(target, "upload, finalize", "3", "two");
  EXPECT_EQ(field(last, "x-goog-upload-status"), "final");
  const auto file = parse(last.text())["file"];
  EXPECT_EQ(text(file["sizeBytes"]), "6");
  EXPECT_EQ(text(file["displayName"]), "a b");
  EXPECT_EQ(text(file["mimeType"]), "text/plain");
  EXPECT_EQ(text(file["state"]), "ACTIVE");
  const std::string place = "/v1beta/" + text(file["name"]);
  EXPECT_EQ(text(parse(ask(*dialect, "GET", place).text())["sizeBytes"]), "6");
  EXPECT_EQ(ask(*dialect, "GET", place + ":download?alt=media").text(), "onetwo");
  EXPECT_TRUE(parse(ask(*dialect, "GET", "/v1beta/files").text())["files"].at(0)["uri"].is_string());
  EXPECT_EQ(ask(*dialect, "DELETE", place).text(), "{}");
  EXPECT_EQ(ask(*dialect, "GET", place).reply.status, 403);
  EXPECT_EQ(send(target, "upload", "6", "late").reply.status, 404);
}

TEST_F(GeminiUploadTest, UploadsThatNeverEndAreForgotten) {
  const std::string first = start();
  std::string last;
  for (call_number = 100; call_number < 170; ++call_number) last = start();
  EXPECT_EQ(send(first, "upload", "0", "x").reply.status, 404);
  EXPECT_EQ(send(last, "upload", "0", "x").reply.status, 200);
}

}  // namespace
}  // namespace archestra::simulator
