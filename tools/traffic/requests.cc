#include "traffic/requests.h"

#include <array>

#include <fmt/format.h>

namespace archestra::traffic {
namespace {

constexpr std::array<std::string_view, kDialects> kNames{"openai", "anthropic", "gemini"};

constexpr std::array<std::string_view, 4> kOpenAiModels{"gpt-4o", "gpt-4o-mini", "gpt-5", "o4-mini"};
constexpr std::array<std::string_view, 3> kAnthropicModels{"claude-opus-4-6", "claude-sonnet-4-6",
                                                           "claude-haiku-4-5"};
constexpr std::array<std::string_view, 2> kGeminiModels{"gemini-2.5-flash", "gemini-2.5-pro"};

constexpr std::string_view kInstruction = "You help.";
constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"name":{"type":"string"},"limit":{"type":"integer"}},"required":["name"]})";

template <std::size_t size>
std::string_view pick(base::Random& random, const std::array<std::string_view, size>& from) {
  return from[random.below(size)];
}

DialectCall openai_call(const Question& question, base::Random& random) {
  DialectCall call{.path = "/chat/completions",
                   .fields = "Authorization: Bearer sk-demo-traffic\r\n",
                   .body = fmt::format(R"({{"model":"{}","messages":[{{"role":"system","content":"{}"}},)"
                                       R"({{"role":"user","content":"{}"}}])",
                                       pick(random, kOpenAiModels), kInstruction, question.text)};
  if (question.stream) call.body.append(R"(,"stream":true)");
  if (question.stream && question.wants_usage)
    call.body.append(R"(,"stream_options":{"include_usage":true})");
  if (!question.tool.empty())
    call.body.append(
        fmt::format(R"(,"tools":[{{"type":"function","function":{{"name":"{}","parameters":{}}}}}])",
                    question.tool, kSchema));
  call.body.append("}");
  return call;
}

DialectCall anthropic_call(const Question& question, base::Random& random) {
  DialectCall call{.path = "/v1/messages",
                   .fields = "x-api-key: sk-ant-demo-traffic\r\nanthropic-version: 2023-06-01\r\n",
                   .body = fmt::format(R"({{"model":"{}","max_tokens":1024,"system":"{}",)"
                                       R"("messages":[{{"role":"user","content":"{}"}}])",
                                       pick(random, kAnthropicModels), kInstruction, question.text)};
  if (question.stream) call.body.append(R"(,"stream":true)");
  if (!question.tool.empty())
    call.body.append(fmt::format(R"(,"tools":[{{"name":"{}","input_schema":{}}}])", question.tool, kSchema));
  call.body.append("}");
  return call;
}

DialectCall gemini_call(const Question& question, base::Random& random) {
  DialectCall call{.path = fmt::format("/v1beta/models/{}:{}", pick(random, kGeminiModels),
                                       question.stream ? "streamGenerateContent?alt=sse" : "generateContent"),
                   .fields = "x-goog-api-key: demo-traffic\r\n",
                   .body = fmt::format(R"({{"systemInstruction":{{"parts":[{{"text":"{}"}}]}},)"
                                       R"("contents":[{{"role":"user","parts":[{{"text":"{}"}}]}}])",
                                       kInstruction, question.text)};
  if (!question.tool.empty())
    call.body.append(
        fmt::format(R"(,"tools":[{{"functionDeclarations":[{{"name":"{}","parametersJsonSchema":{}}}]}}])",
                    question.tool, kSchema));
  call.body.append("}");
  return call;
}

bool has_text(std::string_view event, std::string_view member) {
  const std::size_t at = event.find(member);
  const std::size_t after = at + member.size();
  return at != std::string_view::npos && after < event.size() && event[after] != '"';
}

bool has(std::string_view event, std::string_view part) { return event.find(part) != std::string_view::npos; }

}  // namespace

std::string_view name_of(Dialect dialect) { return kNames[static_cast<std::size_t>(dialect)]; }

std::optional<Dialect> dialect_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Dialect>(i);
  return std::nullopt;
}

DialectCall write_call(Dialect dialect, const Question& question, base::Random& random) {
  switch (dialect) {
    case Dialect::kAnthropic:
      return anthropic_call(question, random);
    case Dialect::kGemini:
      return gemini_call(question, random);
    case Dialect::kOpenAi:
      break;
  }
  return openai_call(question, random);
}

bool carries_content(Dialect dialect, std::string_view event) {
  switch (dialect) {
    case Dialect::kAnthropic:
      return has(event, R"("content_block_delta")");
    case Dialect::kGemini:
      return has_text(event, R"("text":")") || has(event, R"("functionCall")");
    case Dialect::kOpenAi:
      break;
  }
  return has_text(event, R"("content":")") || has(event, R"("tool_calls":[)");
}

}  // namespace archestra::traffic
