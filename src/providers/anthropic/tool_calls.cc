#include <optional>
#include <utility>

#include "base/json_text.h"
#include "http/sse.h"
#include "providers/anthropic/message_stream.h"
#include "providers/anthropic/tools.h"
#include "providers/json_splice.h"

namespace archestra::providers::anthropic {
namespace {

using json::View;
using Type = MessageEvent::Type;

constexpr std::string_view kEndTurn = R"("end_turn")";

void append_message_stop(std::string& out) {
  http::append_sse(out, "message_stop", R"({"type":"message_stop"})");
}

// A message of ours: its end is `stop_reason`, as JSON.
std::string message_with(std::string_view content, std::string_view stop_reason) {
  std::string message =
      R"({"id":"msg_refused_by_gateway","type":"message","role":"assistant","model":"","content":)";
  message.append(content).append(R"(,"stop_reason":)").append(stop_reason);
  message += R"(,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}})";
  return message;
}

// Writes a refused stream: it begins where the first event was held, and from there goes its own way.
class Refusal {
 public:
  explicit Refusal(MessageStream stream) : stream_(std::move(stream)), next_index_(stream_.next_index()) {}

  void append(std::string_view raw, std::string_view text, std::string& out);

 private:
  void append_unread(std::string_view raw, std::string_view text, std::string& out);
  void append_start(std::string_view raw, const MessageEvent& event, std::string_view text, std::string& out);
  void append_of_block(std::string_view raw, const MessageEvent& event, std::string_view text,
                       std::string& out);
  void append_delta(std::string_view raw, const MessageEvent& event, std::string_view text, std::string& out);
  // The text as a block of its own, where it has not appeared.
  void place(std::string_view text, std::string& out);
  static void append_spliced_event(std::string_view raw, const MessageEvent& event,
                                   std::vector<json::Splice> splices, std::string& out);

  MessageStream stream_;
  std::uint64_t next_index_;  // of the next block that leaves
  bool has_text_ = false;
  bool has_own_start_ = false;
  std::string scratch_;
};

void Refusal::append(std::string_view raw, std::string_view text, std::string& out) {
  const std::optional<MessageEvent> event = raw.empty() ? std::nullopt : read_message_event(raw, scratch_);
  // One that comes late, behind the one that stands in its place here.
  const bool is_late_start = event && event->type == Type::kMessageStart && has_own_start_;
  if (!event || is_late_start || stream_.kind_of(*event) == EventKind::kUnread)
    return append_unread(raw, text, out);
  switch (event->type) {
    case Type::kMessageStart:
      return append_start(raw, *event, text, out);
    case Type::kBlockStart:
    case Type::kBlockDelta:
    case Type::kBlockStop:
      return append_of_block(raw, *event, text, out);
    case Type::kMessageDelta:
      return append_delta(raw, *event, text, out);
    case Type::kMessageStop:
      if (!stream_.has_stop_reason())
        http::append_sse(out, "message_delta",
                         R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                         R"("usage":{"output_tokens":0}})");
      break;
    case Type::kOther:
      break;
  }
  out.append(raw);
}

void Refusal::append_unread(std::string_view raw, std::string_view text, std::string& out) {
  place(text, out);
  // A message that does not end is none to SDKs.
  if (http::sse_event_name(raw) == "message_stop") append_message_stop(out);
}

void Refusal::append_start(std::string_view raw, const MessageEvent& event, std::string_view text,
                           std::string& out) {
  stream_.apply(event, 0);
  const Message& message = event.message;
  std::vector<json::Splice> splices;
  for (std::size_t i = 0; i < message.blocks.size(); ++i)
    if (message.blocks[i].kind != BlockKind::kCall) stream_.find(i)->sent_as = next_index_++;
  // Some SDKs look for nothing but calls in here, so the text comes as a block that follows.
  if (message.has_calls) {
    json::Splice& splice = splices.emplace_back(message.content.raw());
    append_without_calls(splice.with, message.content, {});
  }
  if (message.stops_for_tools) splices.emplace_back(message.stop_reason.raw(), std::string(kEndTurn));
  append_spliced_event(raw, event, std::move(splices), out);
  if (message.has_calls || message.stops_for_tools) place(text, out);
}

void Refusal::append_of_block(std::string_view raw, const MessageEvent& event, std::string_view text,
                              std::string& out) {
  stream_.apply(event.type == Type::kBlockStart ? event : MessageEvent{}, 0);
  OpenBlock* const block = stream_.find(event.index);
  if (block == nullptr) return;
  if (block->kind == BlockKind::kCall) {
    place(text, out);
  } else {
    if (event.type == Type::kBlockStart) block->sent_as = next_index_++;
    std::vector<json::Splice> splices;
    if (block->sent_as != event.index)
      splices.emplace_back(event.index_value.raw(), std::to_string(block->sent_as));
    append_spliced_event(raw, event, std::move(splices), out);
  }
  if (event.type == Type::kBlockStop) stream_.apply(event, 0);
}

void Refusal::append_delta(std::string_view raw, const MessageEvent& event, std::string_view text,
                           std::string& out) {
  stream_.apply(event, 0);
  std::vector<json::Splice> splices;
  if (event.stops_for_tools) {
    place(text, out);
    splices.emplace_back(event.stop_reason.raw(), std::string(kEndTurn));
  }
  append_spliced_event(raw, event, std::move(splices), out);
}

void Refusal::place(std::string_view text, std::string& out) {
  if (has_text_) return;
  has_text_ = true;
  if (!stream_.has_started() && !has_own_start_) {
    has_own_start_ = true;
    http::append_sse(out, "message_start",
                     R"({"type":"message_start","message":)" + message_with("[]", "null") + "}");
  }
  const std::string index = std::to_string(next_index_++);
  http::append_sse(
      out, "content_block_start",
      R"({"type":"content_block_start","index":)" + index + R"(,"content_block":{"type":"text","text":""}})");
  std::string delta =
      R"({"type":"content_block_delta","index":)" + index + R"(,"delta":{"type":"text_delta","text":)";
  base::append_json_string(delta, text);
  http::append_sse(out, "content_block_delta", delta + "}}");
  http::append_sse(out, "content_block_stop", R"({"type":"content_block_stop","index":)" + index + "}");
}

void Refusal::append_spliced_event(std::string_view raw, const MessageEvent& event,
                                   std::vector<json::Splice> splices, std::string& out) {
  if (splices.empty()) {
    out.append(raw);
    return;
  }
  std::string data;
  json::append_spliced(data, event.data, std::move(splices));
  http::append_sse_with_data(out, raw, data);
}

class Reader final : public ToolCallReader {
 public:
  EventKind on_event(std::string_view raw) override {
    const std::optional<MessageEvent> event = read_message_event(raw, scratch_);
    const EventKind kind = event ? stream_.kind_of(*event) : EventKind::kUnread;
    // What leaves instead begins with this one, if need be.
    if (kind != EventKind::kHarmless && !refusal_) refusal_.emplace(stream_);
    return kind == EventKind::kUnread ? kind : take(*event, kind);
  }

  EventKind on_body(std::string_view body, std::size_t slack) override {
    const std::optional<View> root = View::parse(body, slack);
    const std::optional<Message> message = root ? read_message(*root) : std::nullopt;
    if (!message || !take_blocks(message->blocks)) return EventKind::kUnread;
    return message->has_calls || message->stops_for_tools ? EventKind::kToolCall : EventKind::kHarmless;
  }

  void refuse_event(std::string_view raw, std::string_view refusal, std::string& out) override {
    if (!refusal_) refusal_.emplace(stream_);
    refusal_->append(raw, refusal, out);
  }

  void refuse_body(std::string_view body, std::string_view refusal, std::string& out) override;

 private:
  EventKind take(const MessageEvent& event, EventKind kind) {
    const std::size_t first_call = calls_.size();
    bool took_all = true;
    if (event.type == Type::kMessageStart) took_all = take_blocks(event.message.blocks);
    if (event.type == Type::kBlockStart) took_all = take_block(event.block);
    if (!took_all) return EventKind::kUnread;
    stream_.apply(event, first_call);
    if (event.fragment && kind == EventKind::kToolCall)
      take_fragment(*stream_.find(event.index), *event.fragment);
    if (!stream_.is_in_order())
      for (ToolCall& call : calls_) call.arguments_are_readable = false;
    return kind;
  }

  bool take_blocks(const std::vector<Block>& blocks) {
    bool took_all = true;
    for (const Block& block : blocks) took_all &= take_block(block);
    return took_all;
  }

  // False where there are too many to keep.
  bool take_block(const Block& block) {
    if (block.kind != BlockKind::kCall) return true;
    if (calls_.size() == kCallsMax || !has_room_for(block.name)) return false;
    ToolCall& call = calls_.emplace_back(block.name);
    if (block.input.is(View::Kind::kNull)) return true;
    call.arguments_are_readable = block.input.is(View::Kind::kObject) && has_room_for(block.input.raw());
    if (call.arguments_are_readable) call.arguments = block.input.raw();
    return true;
  }

  void take_fragment(OpenBlock& block, std::string_view fragment) {
    ToolCall& call = calls_[block.call];
    if (fragment.empty()) return;
    if (!block.has_fragments) {
      block.has_fragments = true;
      // Where there is something else already, readers differ on what counts.
      if (const std::optional<View> input = View::parse(call.arguments); input && !is_empty(*input))
        call.arguments_are_readable = false;
      else
        call.arguments.clear();
    }
    call.arguments_are_readable &= has_room_for(fragment);
    if (call.arguments_are_readable) call.arguments += fragment;
  }

  static bool is_empty(View object) { return object.members().begin() == object.members().end(); }

  bool has_room_for(std::string_view text) {
    if (text.size() > kArgumentBytesMax - bytes_) return false;
    bytes_ += text.size();
    return true;
  }

  MessageStream stream_;
  std::optional<Refusal> refusal_;  // from the first event on that is held
  std::size_t bytes_ = 0;           // of names and arguments
  std::string scratch_;
};

void Reader::refuse_body(std::string_view body, std::string_view refusal, std::string& out) {
  const std::optional<View> root = View::parse(body);
  const std::optional<Message> message = root ? read_message(*root) : std::nullopt;
  if (!message || message->content.is(View::Kind::kNull)) {
    std::string block;
    append_text_block(block, refusal);
    out += message_with("[" + block + "]", kEndTurn);
    return;
  }
  std::vector<json::Splice> splices;
  json::Splice& content = splices.emplace_back(message->content.raw());
  append_without_calls(content.with, message->content, refusal);
  if (!message->has_calls) {
    content.with.pop_back();
    if (!message->blocks.empty()) content.with += ',';
    append_text_block(content.with, refusal);
    content.with += ']';
  }
  if (message->stops_for_tools) splices.emplace_back(message->stop_reason.raw(), std::string(kEndTurn));
  json::append_spliced(out, body, std::move(splices));
}

}  // namespace

std::unique_ptr<ToolCallReader> make_tool_call_reader() { return std::make_unique<Reader>(); }

}  // namespace archestra::providers::anthropic
