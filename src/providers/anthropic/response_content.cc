#include <string>

#include "http/sse.h"
#include "providers/anthropic/content.h"
#include "providers/json_view.h"

namespace archestra::providers::anthropic {
namespace {

using json::View;
using Kind = ContentPart::Kind;

std::string_view finish_reason_of(std::string_view reason) {
  if (reason == "end_turn" || reason == "stop_sequence") return "stop";
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") return "length";
  if (reason == "tool_use") return "tool_call";
  return reason == "refusal" ? std::string_view("content_filter") : reason;
}

class Reader final : public ContentReader {
 public:
  explicit Reader(ContentBounds bounds) : ContentReader(bounds) {}

  void on_event(std::string_view raw) override {
    const auto data = http::sse_data(raw, scratch_);
    const auto root = data ? View::parse(*data) : std::nullopt;
    View type;
    View index;
    View block;
    View delta;
    View message;
    if (!root || !root->pick({{"type", &type},
                              {"index", &index},
                              {"content_block", &block},
                              {"delta", &delta},
                              {"message", &message}}))
      return;
    if (type.is_string("message_start")) take_message(message);
    if (type.is_string("content_block_start")) take_block(index.as_count().value_or(0), block, true);
    if (type.is_string("content_block_delta")) take_delta(index.as_count().value_or(0), delta);
    if (type.is_string("message_delta")) take_stop_reason(delta);
  }

  void on_body(std::string_view body, std::size_t slack) override {
    if (const auto root = View::parse(body, slack)) take_message(*root);
  }

 private:
  // There is one, which begins with the first word of it.
  ContentMessage& message() { return *output_.choice(0); }

  void take_message(View said) {
    View content;
    if (!said.is(View::Kind::kObject) || !said.pick({{"content", &content}})) return;
    View type;
    if (said.pick({{"type", &type}}) && type.is_string("error")) return;
    message();
    std::uint64_t index = 0;
    for (const View block : content.elements()) take_block(index++, block, false);
    take_stop_reason(said);
  }

  void take_stop_reason(View holder) {
    View reason;
    if (holder.pick({{"stop_reason", &reason}}) && reason.is(View::Kind::kString))
      message().finish_reason = finish_reason_of(reason.text_up_to(64));
  }

  // The input that a block begins with is a place-holder for what comes in pieces.
  void take_block(std::uint64_t index, View block, bool is_beginning) {
    View type;
    View text;
    View thinking;
    View id;
    View name;
    View input;
    if (!block.pick({{"type", &type},
                     {"text", &text},
                     {"thinking", &thinking},
                     {"id", &id},
                     {"name", &name},
                     {"input", &input}}))
      return;
    if (type.is_string("text")) return append(index, Kind::kText, text);
    if (type.is_string("thinking")) return append(index, Kind::kReasoning, thinking);
    if (!type.is_string("tool_use")) {
      ContentPart* const part = output_.part(message(), Kind::kOther, index);
      if (part != nullptr) part->name = type.text_up_to(256);
      return;
    }
    ContentPart* const part = output_.part(message(), Kind::kToolCall, index);
    if (part == nullptr) return;
    part->is_json = true;
    part->id = id.text_up_to(256);
    part->name = name.text_up_to(256);
    if (!is_beginning || input.members().begin() != input.members().end()) output_.set(*part, input.raw());
  }

  void take_delta(std::uint64_t index, View delta) {
    View type;
    View text;
    View thinking;
    View fragment;
    if (!delta.pick({{"type", &type}, {"text", &text}, {"thinking", &thinking}, {"partial_json", &fragment}}))
      return;
    if (type.is_string("text_delta")) append(index, Kind::kText, text);
    if (type.is_string("thinking_delta")) append(index, Kind::kReasoning, thinking);
    // Of a tool that the provider runs itself nobody began one.
    if (type.is_string("input_json_delta") && is_call(index)) append(index, Kind::kToolCall, fragment);
  }

  bool is_call(std::uint64_t index) {
    for (const ContentPart& part : message().parts)
      if (part.kind == Kind::kToolCall && part.key == index) return true;
    return false;
  }

  void append(std::uint64_t index, Kind kind, View text) {
    if (ContentPart* const part = output_.part(message(), kind, index)) output_.append(*part, text.text());
  }

  std::string scratch_;
};

}  // namespace

std::unique_ptr<ContentReader> make_content_reader(ContentBounds bounds) {
  return std::make_unique<Reader>(bounds);
}

}  // namespace archestra::providers::anthropic
