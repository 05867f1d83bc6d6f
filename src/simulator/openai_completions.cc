#include "simulator/openai_completions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/event_stream.h"
#include "simulator/made_id.h"

namespace archestra::simulator {
namespace {

void append_usage(std::string& out, const TokenFigures& usage) {
  fmt::format_to(std::back_inserter(out),
                 R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})",
                 usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens + usage.completion_tokens);
}

void append_front(std::string& out, const ChatAnswer& answer) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"id":"{}","object":"text_completion","created":{},"model":{},"choices":[)", answer.id,
                 answer.created_s, answer.model);
}

void append_end_of_choice(std::string& out, std::uint32_t choice, bool finished) {
  fmt::format_to(std::back_inserter(out), R"(","index":{},"logprobs":null,"finish_reason":{}}})", choice,
                 finished ? R"("stop")" : "null");
}

// A chunk for each word of each choice, its end in one of its own.
class CompletionStream final : public EventStream {
 public:
  CompletionStream(ChatAnswer answer, const Prose& prose)
      : EventStream(answer.error_event), answer_(std::move(answer)), prose_(prose) {}

 private:
  Step write(std::string& out, std::uint64_t number) override {
    const std::uint64_t choice_chunks = (std::uint64_t{answer_.tokens} + 1) * answer_.choices;
    if (number >= choice_chunks) return write_end(out, number - choice_chunks);
    const auto choice = static_cast<std::uint32_t>(number % answer_.choices);
    const std::uint64_t word = number / answer_.choices;
    const bool finished = word == answer_.tokens;
    out.append("data: ");
    append_front(out, answer_);
    out.append(R"({"text":")");
    if (!finished) out.append(prose_.word(answer_.first_word + choice * answer_.tokens + word));
    append_end_of_choice(out, choice, finished);
    out.append(answer_.usage_in_stream ? "],\"usage\":null}\n\n" : "]}\n\n");
    return {.pace = !finished && choice == 0 ? Pace::kToken : Pace::kAtOnce};
  }

  Step write_end(std::string& out, std::uint64_t number) const {
    out.append("data: ");
    if (number == 0 && answer_.usage_in_stream) {
      append_front(out, answer_);
      out.append("],");
      append_usage(out, *answer_.usage);
      out.append("}\n\n");
      return {};
    }
    out.append("[DONE]\n\n");
    return {.last = true};
  }

  void write_error(std::string& out, std::uint64_t) override {
    out.append(
        "data: {\"error\":{\"message\":\"The server had an error while processing your request.\","
        "\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n");
  }

  const ChatAnswer answer_;
  const Prose& prose_;
};

}  // namespace

ChatAnswer make_completion_answer(const ChatRequest& asked, const DialectRequest& request,
                                  std::int64_t now_s) {
  ChatAnswer answer = make_chat_answer(asked, request, now_s);
  answer.id.replace(0, std::string_view("chatcmpl").size(), "cmpl");
  answer.model.clear();
  base::append_json_string(answer.model, asked.model);
  if (answer.usage)
    answer.usage->reasoning_tokens = answer.usage->cached_tokens = 0;  // has no words for them
  return answer;
}

std::string completion_json(const ChatAnswer& answer, const Prose& prose, std::size_t bytes) {
  std::string out;
  append_front(out, answer);
  for (std::uint32_t choice = 0; choice < answer.choices; ++choice) {
    out.append(choice > 0 ? R"(,{"text":")" : R"({"text":")");
    const std::size_t first = answer.first_word + std::size_t{choice} * answer.tokens;
    prose.append_words(out, first, answer.tokens);
    if (choice + 1 == answer.choices && out.size() < bytes)
      prose.append_bytes(out, first + answer.tokens, bytes - out.size());
    append_end_of_choice(out, choice, true);
  }
  out.append("]");
  if (answer.usage) {
    out.append(",");
    append_usage(out, *answer.usage);
  }
  return out.append("}\n");
}

std::unique_ptr<BodySource> completion_stream(ChatAnswer answer, const Prose& prose) {
  return std::make_unique<CompletionStream>(std::move(answer), prose);
}

}  // namespace archestra::simulator
