#include "simulator/anthropic_messages.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "simulator/event_stream.h"
#include "simulator/made_id.h"

namespace archestra::simulator {
namespace {

using Kind = Block::Kind;

constexpr std::string_view kDate = "-20250929";

// Whether a model is named with its date already: "claude-haiku-4-5-20251001".
bool is_dated(std::string_view model) {
  const std::size_t dash = model.rfind('-');
  return dash != std::string_view::npos && model.size() - dash == kDate.size() &&
         std::all_of(model.begin() + static_cast<std::ptrdiff_t>(dash) + 1, model.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

// Anthropic's input leaves out what was read from a cache or written to one.
void append_usage(std::string& out, const TokenFigures& usage, std::uint64_t output_tokens) {
  fmt::format_to(
      std::back_inserter(out),
      R"("usage":{{"input_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},)"
      R"("cache_creation":{{"ephemeral_5m_input_tokens":{},"ephemeral_1h_input_tokens":0}},)"
      R"("output_tokens":{},"service_tier":"standard")",
      usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens, usage.cache_write_tokens,
      usage.cached_tokens, usage.cache_write_tokens, output_tokens);
}

void append_final_usage(std::string& out, const TokenFigures& usage) {
  append_usage(out, usage, usage.completion_tokens);
  if (usage.reasoning_tokens > 0)
    fmt::format_to(std::back_inserter(out), R"(,"output_tokens_details":{{"thinking_tokens":{}}})",
                   usage.reasoning_tokens);
  out.append("}");
}

std::string_view stop_reason(const Answer& answer) {
  return answer.tool_calls > 0 ? R"("tool_use")" : R"("end_turn")";
}

std::string signature(const Answer& answer, std::size_t block) {
  return part_id(answer, "EqQB", 86, 2 * block + 1) + "==";
}

void append_front(std::string& out, const MessagesAnswer& answer) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"id":"{}","type":"message","role":"assistant","model":{},"content":[)", answer.id,
                 answer.model);
}

// A content block: still empty, or whole.
void append_block(std::string& out, const MessagesAnswer& answer, const Blocks& blocks, std::size_t index,
                  bool whole, std::size_t padding = 0) {
  const Block& block = blocks[index];
  if (block.kind == Kind::kToolCall) {
    fmt::format_to(std::back_inserter(out), R"({{"type":"tool_use","id":"{}","name":{},"input":{}}})",
                   part_id(answer, "toolu_01", 22, 2 * index), answer.tool_name,
                   whole ? answer.tool_arguments : "{}");
    return;
  }
  const bool is_text = block.kind == Kind::kText;
  out.append(is_text ? R"({"type":"text","text":)" : R"({"type":"thinking","thinking":)");
  if (whole)
    blocks.append_whole(out, block, padding);
  else
    out.append("\"\"");
  if (!is_text)
    fmt::format_to(std::back_inserter(out), R"(,"signature":"{}")", whole ? signature(answer, index) : "");
  out.append("}");
}

// The start of a block, and behind the first one a ping.
std::uint64_t events_before(const Blocks&, std::size_t block) { return block == 0 ? 2 : 1; }
// The end of a block, and before that of a thought its signature.
std::uint64_t events_after(const Blocks& blocks, std::size_t block) {
  return blocks[block].kind == Kind::kThoughts ? 2 : 1;
}

class MessagesStream final : public EventStream {
 public:
  MessagesStream(MessagesAnswer answer, const Prose& prose)
      : EventStream(answer.error_event),
        answer_(std::move(answer)),
        blocks_(answer_, prose),
        walk_(blocks_, events_before, events_after) {}

 private:
  Step write(std::string& out, std::uint64_t number) override {
    if (number == 0) return message_start(out);
    if (const auto step = walk_.next()) {
      block_event(out, *step);
      return {.pace = step->part == BlockWalk::Part::kPiece ? Pace::kToken : Pace::kAtOnce};
    }
    if (!delta_sent_) return message_delta(out);
    out.append("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    return {.last = true};
  }

  void write_error(std::string& out, std::uint64_t) override {
    out.append(
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
        "\"message\":\"Overloaded\"}}\n\n");
  }

  Step message_start(std::string& out) const {
    out.append("event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
    append_front(out, answer_);
    out.append(R"(],"stop_reason":null,"stop_sequence":null)");
    if (answer_.usage) {
      out.append(",");
      append_usage(out, *answer_.usage, 1);
      out.append("}");
    }
    out.append("}}\n\n");
    return {};
  }

  Step message_delta(std::string& out) {
    delta_sent_ = true;
    fmt::format_to(std::back_inserter(out),
                   "event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":"
                   "{{\"stop_reason\":{},\"stop_sequence\":null}}",
                   stop_reason(answer_));
    if (answer_.usage) {
      out.append(",");
      append_final_usage(out, *answer_.usage);
    }
    out.append("}\n\n");
    return {};
  }

  void block_event(std::string& out, const BlockWalk::Step& step) const {
    const bool is_signature =
        step.part == BlockWalk::Part::kAfter && step.number + 1 < events_after(blocks_, step.block);
    if (step.part == BlockWalk::Part::kPiece || is_signature) return delta(out, step, is_signature);
    if (step.part == BlockWalk::Part::kAfter) {
      open(out, "content_block_stop", step.block);
    } else if (step.number == 0) {
      open(out, "content_block_start", step.block);
      out.append(R"(,"content_block":)");
      append_block(out, answer_, blocks_, step.block, false);
    } else {
      out.append("event: ping\ndata: {\"type\":\"ping\"");
    }
    out.append("}\n\n");
  }

  void delta(std::string& out, const BlockWalk::Step& step, bool is_signature) const {
    constexpr std::string_view kDeltas[] = {R"("thinking_delta","thinking":)", R"("text_delta","text":)",
                                            R"("input_json_delta","partial_json":)"};
    open(out, "content_block_delta", step.block);
    out.append(R"(,"delta":{"type":)");
    if (is_signature) {
      fmt::format_to(std::back_inserter(out), R"("signature_delta","signature":"{}")",
                     signature(answer_, step.block));
    } else {
      const Block& block = blocks_[step.block];
      out.append(kDeltas[static_cast<std::size_t>(block.kind)]);
      blocks_.append_piece(out, block, step.number);
    }
    out.append("}}\n\n");
  }

  static void open(std::string& out, std::string_view event, std::size_t block) {
    fmt::format_to(std::back_inserter(out), "event: {0}\ndata: {{\"type\":\"{0}\",\"index\":{1}", event,
                   block);
  }

  const MessagesAnswer answer_;
  const Blocks blocks_;
  BlockWalk walk_;
  bool delta_sent_ = false;
};

}  // namespace

ReadRequest<Asked> read_messages(BodyParser& parser, std::string_view body, bool counts_only) {
  const auto document = parser.parse(body);
  if (!document) return std::unexpected(BadRequest{"The request body is not valid JSON", ""});
  Asked asked;
  asked.model = text_or((*document)["model"], "");
  if (asked.model.empty()) return std::unexpected(BadRequest{"model: Field required", "model"});
  if (!(*document)["messages"].is_array())
    return std::unexpected(BadRequest{"messages: Field required", "messages"});
  if (!counts_only && number_or((*document)["max_tokens"], 0) == 0)
    return std::unexpected(BadRequest{"max_tokens: Field required", "max_tokens"});
  asked.stream = is_true((*document)["stream"]);
  asked.thoughts = text_or((*document)["thinking"]["type"], "disabled") != "disabled";
  simdjson::dom::array tools;
  if ((*document)["tools"].get(tools) != simdjson::SUCCESS) return asked;
  for (const simdjson::dom::element tool : tools) {
    if (!tool["input_schema"].is_object()) continue;  // one of the provider's own
    asked.may_call_tools = text_or((*document)["tool_choice"]["type"], "auto") != "none";
    asked.tool_name = text_or(tool["name"], asked.tool_name);
    asked.tool_arguments = made_arguments(tool["input_schema"]);
    break;
  }
  return asked;
}

MessagesAnswer make_messages_answer(const Asked& asked, const DialectRequest& request) {
  MessagesAnswer answer{make_answer(asked, request, unix_seconds_now()), {}};
  answer.id = made_id(request.random, "msg_01", 22);
  base::append_json_string(answer.model,
                           is_dated(asked.model) ? asked.model : asked.model + std::string(kDate));
  // Claude thinks only where it was asked to.
  if (answer.usage && !asked.thoughts) answer.usage->reasoning_tokens = 0;
  return answer;
}

std::string messages_json(const MessagesAnswer& answer, const Prose& prose, std::size_t bytes) {
  constexpr std::size_t kRestBytes = 300;  // of what follows the text
  const Blocks blocks(answer, prose);
  std::string out;
  append_front(out, answer);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i > 0) out.append(",");
    const std::size_t fixed = out.size() + std::size_t{answer.tokens} * 6 + kRestBytes;
    append_block(out, answer, blocks, i, true, bytes > fixed ? bytes - fixed : 0);
  }
  fmt::format_to(std::back_inserter(out), R"(],"stop_reason":{},"stop_sequence":null)", stop_reason(answer));
  if (answer.usage) {
    out.append(",");
    append_final_usage(out, *answer.usage);
  }
  return out.append("}");
}

std::unique_ptr<BodySource> messages_stream(MessagesAnswer answer, const Prose& prose) {
  return std::make_unique<MessagesStream>(std::move(answer), prose);
}

}  // namespace archestra::simulator
