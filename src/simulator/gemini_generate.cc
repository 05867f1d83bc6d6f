#include "simulator/gemini_generate.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/event_stream.h"
#include "simulator/made_id.h"

namespace archestra::simulator {
namespace {

using Kind = Block::Kind;

constexpr std::uint64_t kCallsMax = 1000;  // of an answer; more than can be asked for

void append_tokens(std::string& out, std::string_view name, std::string_view details, std::uint64_t tokens) {
  if (tokens == 0) return;
  fmt::format_to(std::back_inserter(out), R"("{0}":{1},)", name, tokens);
  if (!details.empty())
    fmt::format_to(std::back_inserter(out), R"("{0}":[{{"modality":"TEXT","tokenCount":{1}}}],)", details,
                   tokens);
}

// Gemini's candidates leave out the thoughts.
void append_usage(std::string& out, const TokenFigures& figures, std::uint64_t candidates,
                  std::uint64_t thoughts) {
  out.append(R"("usageMetadata":{)");
  append_tokens(out, "promptTokenCount", "promptTokensDetails", figures.prompt_tokens);
  append_tokens(out, "cachedContentTokenCount", "cacheTokensDetails", figures.cached_tokens);
  append_tokens(out, "candidatesTokenCount", "", candidates);
  append_tokens(out, "toolUsePromptTokenCount", "toolUsePromptTokensDetails", figures.tool_prompt_tokens);
  append_tokens(out, "thoughtsTokenCount", "", thoughts);
  fmt::format_to(std::back_inserter(out), R"("totalTokenCount":{}}},)",
                 figures.prompt_tokens + figures.tool_prompt_tokens + candidates + thoughts);
}

void append_call(std::string& out, const GenerateAnswer& answer, const Block& block) {
  fmt::format_to(std::back_inserter(out), R"({{"functionCall":{{"name":{},"args":{},"id":"{}"}})",
                 answer.tool_name, answer.tool_arguments, part_id(answer, "", 8, block.call));
  if (block.call == 0)
    fmt::format_to(std::back_inserter(out), R"(,"thoughtSignature":"{}==")",
                   part_id(answer, "EqQB", 86, kCallsMax));
  out.append("}");
}

// Behind the parts: the end of the candidate, the figures, the names.
void append_back(std::string& out, const GenerateAnswer& answer, bool is_last, std::uint64_t candidates,
                 std::uint64_t thoughts) {
  out.append(R"(],"role":"model"},)").append(is_last ? R"("finishReason":"STOP",)" : "");
  out.append(R"("index":0}],)");
  if (answer.usage) append_usage(out, *answer.usage, candidates, thoughts);
  fmt::format_to(std::back_inserter(out), R"("modelVersion":{},"responseId":"{}"}})", answer.model,
                 answer.id);
}

constexpr std::string_view kFront = R"({"candidates":[{"content":{"parts":[)";

// A chunk for each word and each call; the last chunk has no more to say than that it is the last.
class GenerateStream final : public EventStream {
 public:
  GenerateStream(GenerateAnswer answer, const Prose& prose, ChunkForm form)
      : EventStream(answer.error_event), answer_(std::move(answer)), blocks_(answer_, prose), form_(form) {
    if (!answer_.usage) return;
    visible_ = answer_.usage->completion_tokens - answer_.usage->reasoning_tokens;
    // What is not shown has been thought before the first chunk.
    if (answer_.thought_words == 0) thoughts_ = answer_.usage->reasoning_tokens;
  }

 private:
  static std::uint64_t pieces_of(const Block& block) {
    return block.kind == Kind::kToolCall ? 1 : block.pieces;
  }

  Step write(std::string& out, std::uint64_t number) override {
    while (block_ < blocks_.size() && piece_ == pieces_of(blocks_[block_])) {
      ++block_;
      piece_ = 0;
    }
    const bool is_last = block_ == blocks_.size();
    open(out, number);
    out.append(kFront);
    if (is_last) {
      candidates_ = visible_;
      out.append(R"({"text":""})");
    } else {
      append_part(out, blocks_[block_]);
      count(blocks_[block_]);
      ++piece_;
    }
    append_back(out, answer_, is_last, candidates_, thoughts_);
    close(out, is_last);
    return {.pace = is_last ? Pace::kAtOnce : Pace::kToken, .last = is_last};
  }

  void write_error(std::string& out, std::uint64_t number) override {
    open(out, number);
    out.append(
        R"({"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}})");
    close(out, true);
  }

  void append_part(std::string& out, const Block& block) const {
    if (block.kind == Kind::kToolCall) return append_call(out, answer_, block);
    out.append(R"({"text":)");
    blocks_.append_piece(out, block, piece_);
    out.append(block.kind == Kind::kThoughts ? R"(,"thought":true})" : "}");
  }

  // The figures grow with what has been shown.
  void count(const Block& block) {
    if (!answer_.usage) return;
    if (block.kind == Kind::kThoughts)
      thoughts_ = answer_.usage->reasoning_tokens * (piece_ + 1) / block.pieces;
    else if (block.kind == Kind::kText)
      candidates_ = visible_ * (piece_ + 1) / block.pieces;
    else
      candidates_ = visible_ * (block.call + 1) / answer_.tool_calls;
  }

  void open(std::string& out, std::uint64_t number) const {
    if (form_ == ChunkForm::kEvents)
      out.append("data: ");
    else
      out.append(number == 0 ? "[" : ",\r\n");
  }
  void close(std::string& out, bool is_last) const {
    if (form_ == ChunkForm::kEvents)
      out.append("\r\n\r\n");
    else
      out.append(is_last ? "\n]" : "\n");
  }

  const GenerateAnswer answer_;
  const Blocks blocks_;
  const ChunkForm form_;
  std::uint64_t visible_ = 0;     // tokens of the answer without its thoughts
  std::uint64_t candidates_ = 0;  // of those, shown so far
  std::uint64_t thoughts_ = 0;
  std::size_t block_ = 0;
  std::uint64_t piece_ = 0;
};

// Members come as "camelCase" or, from older clients, as "snake_case".
template <class Object>
JsonLookup either(const Object& object, std::string_view camel, std::string_view snake) {
  const JsonLookup found = object[camel];
  return found.error() == simdjson::SUCCESS ? found : object[snake];
}

void read_tools(simdjson::dom::element document, Asked& asked) {
  simdjson::dom::array tools;
  if (document["tools"].get(tools) != simdjson::SUCCESS) return;
  const JsonLookup config = either(either(document, "toolConfig", "tool_config"), "functionCallingConfig",
                                   "function_calling_config");
  for (const simdjson::dom::element tool : tools) {
    const JsonLookup function = either(tool, "functionDeclarations", "function_declarations").at(0);
    if (function.error() != simdjson::SUCCESS) {
      asked.provider_tools = true;
      continue;
    }
    asked.may_call_tools = text_or(config["mode"], "AUTO") != "NONE";
    asked.tool_name = text_or(function["name"], asked.tool_name);
    const JsonLookup schema = either(function, "parametersJsonSchema", "parameters_json_schema");
    asked.tool_arguments =
        made_arguments(schema.error() == simdjson::SUCCESS ? schema : function["parameters"]);
  }
}

}  // namespace

ReadRequest<Asked> read_generate(BodyParser& parser, std::string_view body, std::string_view model) {
  const auto document = parser.parse(body);
  if (!document) return std::unexpected(BadRequest{"Invalid JSON payload received.", ""});
  if (members_of((*document)["contents"]) == 0)
    return std::unexpected(
        BadRequest{"* GenerateContentRequest.contents: contents is not specified\n", "contents"});
  Asked asked;
  asked.model = model;
  const JsonLookup thinking =
      either(either(*document, "generationConfig", "generation_config"), "thinkingConfig", "thinking_config");
  asked.thoughts = is_true(either(thinking, "includeThoughts", "include_thoughts"));
  read_tools(*document, asked);
  return asked;
}

GenerateAnswer make_generate_answer(const Asked& asked, const DialectRequest& request) {
  GenerateAnswer answer{make_answer(asked, request, unix_seconds_now()), {}};
  answer.id = made_id(request.random, "", 22);
  base::append_json_string(answer.model, asked.model);
  if (!answer.usage) return answer;
  answer.usage->cache_write_tokens = 0;  // Gemini has no word for it
  if (asked.provider_tools) answer.usage->tool_prompt_tokens = answer.usage->prompt_tokens / 2;
  return answer;
}

std::string generate_json(const GenerateAnswer& answer, const Prose& prose, std::size_t bytes) {
  constexpr std::size_t kRestBytes = 400;  // of what follows the parts
  const Blocks blocks(answer, prose);
  std::string out(kFront);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i > 0) out.append(",");
    if (blocks[i].kind == Kind::kToolCall) {
      append_call(out, answer, blocks[i]);
      continue;
    }
    const std::size_t fixed = out.size() + std::size_t{answer.tokens} * 6 + kRestBytes;
    out.append(R"({"text":)");
    blocks.append_whole(out, blocks[i], bytes > fixed ? bytes - fixed : 0);
    out.append(blocks[i].kind == Kind::kThoughts ? R"(,"thought":true})" : "}");
  }
  const TokenFigures figures = answer.usage.value_or(TokenFigures{});
  append_back(out, answer, true, figures.completion_tokens - figures.reasoning_tokens,
              figures.reasoning_tokens);
  return out.append("\n");
}

std::unique_ptr<BodySource> generate_stream(GenerateAnswer answer, const Prose& prose, ChunkForm form) {
  return std::make_unique<GenerateStream>(std::move(answer), prose, form);
}

}  // namespace archestra::simulator
