#include "simulator/openai_chat.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/made_id.h"

namespace archestra::simulator {
namespace {

constexpr std::string_view kFingerprint = R"("service_tier":"default","system_fingerprint":"fp_5a11fa7e00")";
constexpr std::string_view kDate = "-2024-08-06";
constexpr std::uint64_t kCallsMax = 1000;  // of a choice; more than can be asked for

// Whether a model is named with its date already: "gpt-4o-2024-08-06".
bool is_dated(std::string_view model) {
  if (model.size() < kDate.size()) return false;
  const std::string_view end = model.substr(model.size() - kDate.size());
  for (std::size_t i = 0; i < kDate.size(); ++i) {
    const bool digit = end[i] >= '0' && end[i] <= '9';
    if (kDate[i] == '-' ? end[i] != '-' : !digit) return false;
  }
  return true;
}

void append_usage(std::string& out, const TokenFigures& usage) {
  fmt::format_to(std::back_inserter(out),
                 R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},)"
                 R"("prompt_tokens_details":{{"cached_tokens":{},"audio_tokens":0}},)"
                 R"("completion_tokens_details":{{"reasoning_tokens":{},"audio_tokens":0,)"
                 R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}})",
                 usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens + usage.completion_tokens,
                 usage.cached_tokens, usage.reasoning_tokens);
}

void append_tool_call(std::string& out, const ChatAnswer& answer, std::uint32_t choice, std::uint32_t call,
                      std::string_view arguments) {
  fmt::format_to(std::back_inserter(out),
                 R"("id":"{}","type":"function","function":{{"name":{},"arguments":)",
                 part_id(answer, "call_", 24, choice * kCallsMax + call), answer.tool_name);
  base::append_json_string(out, arguments);
  out.append("}}");
}

// The chunks of a stream, made in one buffer: what all have in common stays at its front.
class ChatStream final : public BodySource {
 public:
  ChatStream(ChatAnswer answer, const Prose& prose)
      : answer_(std::move(answer)), prose_(prose), fragments_(argument_fragments(answer_.tool_arguments)) {
    fmt::format_to(
        std::back_inserter(text_),
        R"(data: {{"id":"{}","object":"chat.completion.chunk","created":{},"model":{},{},"choices":[)",
        answer_.id, answer_.created_s, answer_.model, kFingerprint);
    common_ = text_.size();
    text_.reserve(common_ + 512);
  }

  Piece next() override {
    if (answer_.error_event && sent_ == *answer_.error_event) return error_event();
    ++sent_;
    if (step_ < steps()) return chunk();
    if (answer_.usage_in_stream && !usage_sent_) return usage_chunk();
    return {.text = "data: [DONE]\n\n", .last = true};
  }

 private:
  // A choice goes through: its role, then each token (or each tool call's name and fragments), its end.
  std::uint64_t content_steps() const {
    return answer_.tool_calls > 0 ? std::uint64_t{answer_.tool_calls} * (1 + fragments_.size())
                                  : answer_.tokens;
  }
  std::uint64_t steps() const { return content_steps() + 2; }

  Piece chunk() {
    const std::uint64_t step = step_;
    const std::uint32_t choice = choice_;
    if (++choice_ == answer_.choices) {
      choice_ = 0;
      ++step_;
    }
    const bool is_content = step > 0 && step <= content_steps();
    text_.resize(common_);
    text_.append(R"({"index":)");
    append_number(choice);
    if (step == 0)
      append_role();
    else if (!is_content)
      append_finish();
    else if (answer_.tool_calls > 0)
      append_tool_step(choice, step - 1);
    else
      append_word(choice, step - 1);
    end_chunk();
    // The choices of a step come together.
    return {.text = text_, .pace = is_content && choice == 0 ? Pace::kToken : Pace::kAtOnce};
  }

  void append_number(std::uint64_t number) { fmt::format_to(std::back_inserter(text_), "{}", number); }
  void append_role() {
    text_.append(R"(,"delta":{"role":"assistant","content":)");
    text_.append(answer_.tool_calls > 0 ? "null" : R"("")");
    text_.append(R"(,"refusal":null},"logprobs":null,"finish_reason":null}])");
  }
  void append_word(std::uint32_t choice, std::uint64_t number) {
    text_.append(R"(,"delta":{"content":")");
    text_.append(prose_.word(answer_.first_word + choice * answer_.tokens + number));
    text_.append(R"("},"logprobs":null,"finish_reason":null}])");
  }
  void append_tool_step(std::uint32_t choice, std::uint64_t number) {
    const auto call = static_cast<std::uint32_t>(number / (1 + fragments_.size()));
    const std::uint64_t part = number % (1 + fragments_.size());
    text_.append(R"(,"delta":{"tool_calls":[{"index":)");
    append_number(call);
    text_.append(",");
    if (part == 0) {
      append_tool_call(text_, answer_, choice, call, "");
    } else {
      text_.append(R"("function":{"arguments":)");
      base::append_json_string(text_, fragments_[part - 1]);
      text_.append("}}");
    }
    text_.append(R"(]},"logprobs":null,"finish_reason":null}])");
  }
  void append_finish() {
    text_.append(R"(,"delta":{},"logprobs":null,"finish_reason":)");
    text_.append(answer_.tool_calls > 0 ? R"("tool_calls"}])" : R"("stop"}])");
  }
  void end_chunk() { text_.append(answer_.usage_in_stream ? ",\"usage\":null}\n\n" : "}\n\n"); }

  Piece usage_chunk() {
    usage_sent_ = true;
    text_.resize(common_);
    text_.append("],");
    append_usage(text_, *answer_.usage);
    text_.append("}\n\n");
    return {.text = text_};
  }

  static Piece error_event() {
    return {.text =
                "data: {\"error\":{\"message\":\"The server had an error while processing your request. "
                "Sorry about that!\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n",
            .last = true};
  }

  const ChatAnswer answer_;
  const Prose& prose_;
  const std::vector<std::string_view> fragments_;  // of answer_.tool_arguments
  std::string text_;
  std::size_t common_ = 0;
  std::uint64_t step_ = 0;
  std::uint32_t choice_ = 0;
  std::uint64_t sent_ = 0;
  bool usage_sent_ = false;
};

void append_message(std::string& out, const ChatAnswer& answer, std::uint32_t choice, const Prose& prose,
                    std::size_t padding) {
  out.append(R"({"role":"assistant","content":)");
  if (answer.tool_calls == 0) {
    out.append("\"");
    const std::size_t first = answer.first_word + choice * answer.tokens;
    prose.append_words(out, first, answer.tokens);
    prose.append_bytes(out, first + answer.tokens, padding);
    out.append("\"");
  } else {
    out.append(R"(null,"tool_calls":[)");
    for (std::uint32_t call = 0; call < answer.tool_calls; ++call) {
      out.append(call > 0 ? ",{" : "{");
      append_tool_call(out, answer, choice, call, answer.tool_arguments);
    }
    out.append("]");
  }
  out.append(R"(,"refusal":null,"annotations":[]})");
}

}  // namespace

std::string dated_model(std::string_view model) {
  std::string out;
  base::append_json_string(out, is_dated(model) ? model : std::string(model).append(kDate));
  return out;
}

ChatAnswer make_chat_answer(const ChatRequest& chat, const DialectRequest& request, std::int64_t now_s) {
  ChatAnswer answer{make_answer(chat, request, now_s), {}, false};
  answer.id = made_id(request.random, "chatcmpl-", 29);
  answer.model = dated_model(chat.model);
  answer.usage_in_stream = answer.usage.has_value() && chat.include_usage;
  return answer;
}

std::string chat_json(const ChatAnswer& answer, const Prose& prose, std::size_t bytes) {
  std::string out;
  out.reserve(std::max<std::size_t>(bytes, 1024) + std::size_t{answer.choices} * answer.tokens * 8);
  fmt::format_to(std::back_inserter(out),
                 R"({{"id":"{}","object":"chat.completion","created":{},"model":{},"choices":[)", answer.id,
                 answer.created_s, answer.model);
  constexpr std::size_t kRestBytes = 420;  // of a message and of what follows the choices
  for (std::uint32_t choice = 0; choice < answer.choices; ++choice) {
    fmt::format_to(std::back_inserter(out), R"({}{{"index":{},"message":)", choice > 0 ? "," : "", choice);
    const std::size_t fixed = out.size() + std::size_t{answer.tokens} * 6 + kRestBytes;
    const bool is_last = choice + 1 == answer.choices;
    append_message(out, answer, choice, prose, is_last && bytes > fixed ? bytes - fixed : 0);
    out.append(answer.tool_calls > 0 ? R"(,"logprobs":null,"finish_reason":"tool_calls"})"
                                     : R"(,"logprobs":null,"finish_reason":"stop"})");
  }
  out.append("],");
  if (answer.usage) {
    append_usage(out, *answer.usage);
    out.append(",");
  }
  return out.append(kFingerprint).append("}\n");
}

std::unique_ptr<BodySource> chat_stream(ChatAnswer answer, const Prose& prose) {
  return std::make_unique<ChatStream>(std::move(answer), prose);
}

}  // namespace archestra::simulator
