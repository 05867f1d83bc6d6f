#include "simulator/openai_responses.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "simulator/event_stream.h"
#include "simulator/made_id.h"
#include "simulator/openai_chat.h"

namespace archestra::simulator {
namespace {

using Kind = Block::Kind;

enum class State : std::uint8_t { kInProgress, kCompleted };

std::string_view name_of(State state) { return state == State::kCompleted ? "completed" : "in_progress"; }

// The pieces that JSON answers and events are put together from.
class Writer {
 public:
  Writer(const ResponsesAnswer& answer, const Prose& prose) : answer_(answer), blocks_(answer, prose) {}

  const Blocks& blocks() const { return blocks_; }

  std::string item_id(std::size_t index) const {
    constexpr std::string_view kPrefixes[] = {"rs_", "msg_", "fc_"};
    return part_id(answer_, kPrefixes[static_cast<std::size_t>(blocks_[index].kind)], 48, 2 * index);
  }

  // An output item: still empty, or whole.
  void append_item(std::string& out, std::size_t index, State state, std::size_t padding = 0) const {
    const Block& block = blocks_[index];
    const bool whole = state == State::kCompleted;
    fmt::format_to(std::back_inserter(out), R"({{"id":"{}",)", item_id(index));
    if (block.kind == Kind::kThoughts) {
      out.append(R"("type":"reasoning","summary":[)");
      if (whole) append_part(out, index, State::kCompleted);
      out.append("]}");
    } else if (block.kind == Kind::kText) {
      fmt::format_to(std::back_inserter(out), R"("type":"message","status":"{}","content":[)",
                     name_of(state));
      if (whole) append_part(out, index, State::kCompleted, padding);
      out.append(R"(],"role":"assistant"})");
    } else {
      fmt::format_to(std::back_inserter(out), R"("type":"function_call","status":"{}","arguments":)",
                     name_of(state));
      append_text(out, index, state);
      fmt::format_to(std::back_inserter(out), R"(,"call_id":"{}","name":{}}})",
                     part_id(answer_, "call_", 24, 2 * index + 1), answer_.tool_name);
    }
  }

  // The one part of a message, or of a reasoning's summary.
  void append_part(std::string& out, std::size_t index, State state, std::size_t padding = 0) const {
    out.append(blocks_[index].kind == Kind::kText
                   ? R"({"type":"output_text","annotations":[],"logprobs":[],"text":)"
                   : R"({"type":"summary_text","text":)");
    append_text(out, index, state, padding);
    out.append("}");
  }

  void append_text(std::string& out, std::size_t index, State state, std::size_t padding = 0) const {
    if (state == State::kCompleted)
      blocks_.append_whole(out, blocks_[index], padding);
    else
      out.append("\"\"");
  }

  void append_response(std::string& out, State state, std::size_t padding = 0) const {
    auto to = std::back_inserter(out);
    fmt::format_to(to,
                   R"({{"id":"{}","object":"response","created_at":{},"status":"{}","background":false,)"
                   R"("error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,)"
                   R"("max_tool_calls":null,"model":{},"output":[)",
                   answer_.id, answer_.created_s, name_of(state), answer_.model);
    for (std::size_t i = 0; state == State::kCompleted && i < blocks_.size(); ++i) {
      out.append(i > 0 ? "," : "");
      append_item(out, i, State::kCompleted, padding);
    }
    out.append(
        R"(],"parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":null,)"
        R"("reasoning":{"effort":null,"summary":null},"safety_identifier":null,"service_tier":"default",)"
        R"("store":true,"temperature":1.0,"text":{"format":{"type":"text"},"verbosity":"medium"},)"
        R"("tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":1.0,"truncation":"disabled",)");
    if (state == State::kCompleted && answer_.usage)
      append_usage(out, *answer_.usage);
    else
      out.append(R"("usage":null)");
    out.append(R"(,"user":null,"metadata":{}})");
  }

 private:
  static void append_usage(std::string& out, const TokenFigures& usage) {
    fmt::format_to(
        std::back_inserter(out),
        R"("usage":{{"input_tokens":{},"input_tokens_details":{{"cached_tokens":{}}},)"
        R"("output_tokens":{},"output_tokens_details":{{"reasoning_tokens":{}}},"total_tokens":{}}})",
        usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens, usage.reasoning_tokens,
        usage.prompt_tokens + usage.completion_tokens);
  }

  const ResponsesAnswer& answer_;
  const Blocks blocks_;
};

// The events about a block.
enum class Mark : std::uint8_t { kItemAdded, kPartAdded, kDelta, kTextDone, kPartDone, kItemDone };

// What the events of a kind of block are called, and where the text stands.
struct Names {
  std::string_view part;  ///< "" where there are no parts
  std::string_view text;  ///< of the deltas and their end
  std::string_view part_index;
  std::string_view whole;  ///< the member with the whole text
};
constexpr Names kNames[] = {
    {"response.reasoning_summary_part", "response.reasoning_summary_text", R"("summary_index":0,)", "text"},
    {"response.content_part", "response.output_text", R"("content_index":0,)", "text"},
    {"", "response.function_call_arguments", "", "arguments"},
};

bool has_parts(const Blocks& blocks, std::size_t block) { return blocks[block].kind != Kind::kToolCall; }
std::uint64_t events_before(const Blocks& blocks, std::size_t block) {
  return has_parts(blocks, block) ? 2 : 1;
}
std::uint64_t events_after(const Blocks& blocks, std::size_t block) {
  return has_parts(blocks, block) ? 3 : 2;
}

Mark mark_of(const BlockWalk::Step& step, bool has_parts) {
  if (step.part == BlockWalk::Part::kPiece) return Mark::kDelta;
  if (step.part == BlockWalk::Part::kBefore) return step.number == 0 ? Mark::kItemAdded : Mark::kPartAdded;
  if (step.number == 0) return Mark::kTextDone;
  return has_parts && step.number == 1 ? Mark::kPartDone : Mark::kItemDone;
}

class ResponsesStream final : public EventStream {
 public:
  ResponsesStream(ResponsesAnswer answer, const Prose& prose)
      : EventStream(answer.error_event),
        answer_(std::move(answer)),
        writer_(answer_, prose),
        walk_(writer_.blocks(), events_before, events_after) {}

 private:
  Step write(std::string& out, std::uint64_t number) override {
    if (number == 0) return response_event(out, number, "response.created", State::kInProgress);
    if (number == 1) return response_event(out, number, "response.in_progress", State::kInProgress);
    if (const auto step = walk_.next()) return block_event(out, number, *step);
    response_event(out, number, "response.completed", State::kCompleted);
    return {.last = true};
  }

  void write_error(std::string& out, std::uint64_t number) override {
    open(out, number, "error", "");
    out.append(
        R"("code":"server_error","message":"The server had an error while processing your request.","param":null})"
        "\n\n");
  }

  static void open(std::string& out, std::uint64_t number, std::string_view event, std::string_view what) {
    fmt::format_to(std::back_inserter(out),
                   "event: {0}{1}\ndata: {{\"type\":\"{0}{1}\",\"sequence_number\":{2},", event, what,
                   number);
  }

  Step response_event(std::string& out, std::uint64_t number, std::string_view event, State state) const {
    open(out, number, event, "");
    out.append(R"("response":)");
    writer_.append_response(out, state);
    out.append("}\n\n");
    return {};
  }

  Step block_event(std::string& out, std::uint64_t number, const BlockWalk::Step& step) const {
    const Mark mark = mark_of(step, has_parts(writer_.blocks(), step.block));
    if (mark == Mark::kItemAdded || mark == Mark::kItemDone)
      item_event(out, number, mark, step.block);
    else
      text_event(out, number, mark, step);
    out.append("}\n\n");
    return {.pace = mark == Mark::kDelta ? Pace::kToken : Pace::kAtOnce};
  }

  void item_event(std::string& out, std::uint64_t number, Mark mark, std::size_t index) const {
    const bool done = mark == Mark::kItemDone;
    open(out, number, "response.output_item", done ? ".done" : ".added");
    fmt::format_to(std::back_inserter(out), R"("output_index":{},"item":)", index);
    writer_.append_item(out, index, done ? State::kCompleted : State::kInProgress);
  }

  void text_event(std::string& out, std::uint64_t number, Mark mark, const BlockWalk::Step& step) const {
    const Block& block = writer_.blocks()[step.block];
    const Names& names = kNames[static_cast<std::size_t>(block.kind)];
    const bool is_part = mark == Mark::kPartAdded || mark == Mark::kPartDone;
    const bool done = mark == Mark::kPartDone || mark == Mark::kTextDone;
    const std::string_view what = done ? ".done" : is_part ? ".added" : ".delta";
    open(out, number, is_part ? names.part : names.text, what);
    fmt::format_to(std::back_inserter(out), R"("item_id":"{}","output_index":{},{}"{}":)",
                   writer_.item_id(step.block), step.block, names.part_index,
                   is_part ? "part"
                   : done  ? names.whole
                           : "delta");
    const State state = done ? State::kCompleted : State::kInProgress;
    if (is_part)
      writer_.append_part(out, step.block, state);
    else if (done)
      writer_.append_text(out, step.block, state);
    else
      writer_.blocks().append_piece(out, block, step.number);
    if (block.kind == Kind::kText && !is_part) out.append(R"(,"logprobs":[])");
  }

  const ResponsesAnswer answer_;
  const Writer writer_;
  BlockWalk walk_;
};

}  // namespace

ResponsesAnswer make_responses_answer(const Asked& asked, const DialectRequest& request, std::int64_t now_s) {
  ResponsesAnswer answer{make_answer(asked, request, now_s), {}};
  answer.id = made_id(request.random, "resp_", 48);
  answer.model = dated_model(asked.model);
  return answer;
}

std::string responses_json(const ResponsesAnswer& answer, const Prose& prose, std::size_t bytes) {
  const Writer writer(answer, prose);
  std::string out;
  writer.append_response(out, State::kCompleted);
  if (out.size() < bytes && answer.tool_calls == 0) {
    const std::size_t padding = bytes - out.size();
    out.clear();
    writer.append_response(out, State::kCompleted, padding);
  }
  return out.append("\n");
}

std::unique_ptr<BodySource> responses_stream(ResponsesAnswer answer, const Prose& prose) {
  return std::make_unique<ResponsesStream>(std::move(answer), prose);
}

}  // namespace archestra::simulator
