#include <string>

#include "providers/openai/content.h"
#include "providers/openai/responses_event.h"
#include "providers/openai/stream_event.h"

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = ContentPart::Kind;

// A part's place: that of its item, and within it.
std::uint64_t key_of(std::uint64_t item, std::uint64_t part) { return item << 20 | (part & 0xFFFFF); }

// Each part comes in pieces, then whole, with its item and with the response: what comes whole takes the
// place of what was put together.
class ResponsesContent final : public ContentReader {
 public:
  explicit ResponsesContent(ContentBounds bounds) : ContentReader(bounds) {}

  void on_event(std::string_view raw) override {
    const StreamEvent event = read_stream_event(raw, scratch_);
    View type;
    View item_index;
    View content_index;
    View summary_index;
    View item;
    View delta;
    View response;
    if (!event.root || !event.root->pick({{"type", &type},
                                          {"output_index", &item_index},
                                          {"content_index", &content_index},
                                          {"summary_index", &summary_index},
                                          {"item", &item},
                                          {"delta", &delta},
                                          {"response", &response}}))
      return;
    const std::string kind = type.text();
    const std::uint64_t place = item_index.as_count().value_or(0);
    const std::uint64_t text_key = key_of(place, content_index.as_count().value_or(0));
    if (kind == "response.output_text.delta") {
      append(Kind::kText, text_key, delta);
    } else if (kind == "response.refusal.delta") {
      append(Kind::kRefusal, text_key, delta);
    } else if (kind == "response.reasoning_text.delta") {
      append(Kind::kReasoning, text_key | kContentBit, delta);
    } else if (kind == "response.reasoning_summary_text.delta") {
      append(Kind::kReasoning, key_of(place, summary_index.as_count().value_or(0)), delta);
    } else if (kind == "response.function_call_arguments.delta" ||
               kind == "response.custom_tool_call_input.delta") {
      append(Kind::kToolCall, key_of(place, 0), delta);
    } else if (kind == "response.output_item.added" || kind == "response.output_item.done") {
      take_item(place, item);
    } else if (is_closing(kind)) {
      take_response(response);
    }
  }

  void on_body(std::string_view body, std::size_t slack) override {
    if (const auto root = View::parse(body, slack)) take_response(*root);
  }

 private:
  static constexpr std::uint64_t kContentBit = std::uint64_t{1} << 19;

  ContentMessage& message() { return *output_.choice(0); }

  void append(Kind kind, std::uint64_t key, View text) {
    if (ContentPart* const part = output_.part(message(), kind, key)) output_.append(*part, text.text());
  }
  void set(Kind kind, std::uint64_t key, View text) {
    if (!text.is(View::Kind::kString)) return;
    if (ContentPart* const part = output_.part(message(), kind, key)) output_.set(*part, text.text());
  }

  void take_response(View response) {
    View status;
    View output;
    View details;
    View reason;
    if (!response.pick({{"status", &status}, {"output", &output}, {"incomplete_details", &details}}) ||
        !details.pick({{"reason", &reason}}))
      return;
    if (!output.is(View::Kind::kArray)) return;
    std::uint64_t place = 0;
    for (const View item : output.elements()) take_item(place++, item);
    // A shorter history has no status.
    const std::string ended = status.is(View::Kind::kNull) ? "completed" : status.text_up_to(64);
    message().finish_reason = finish_reason_of(ended, reason.text_up_to(64));
  }

  std::string finish_reason_of(const std::string& status, const std::string& reason) {
    if (status == "incomplete") return reason == "max_output_tokens" ? "length" : reason;
    if (status == "failed" || status == "cancelled") return "error";
    if (status != "completed") return status;
    for (const ContentPart& part : message().parts)
      if (part.kind == Kind::kToolCall) return "tool_call";
    return "stop";
  }

  void take_item(std::uint64_t place, View item) {
    View type;
    View content;
    View summary;
    View call_id;
    View name;
    View arguments;
    View input;
    if (!item.pick({{"type", &type},
                    {"content", &content},
                    {"summary", &summary},
                    {"call_id", &call_id},
                    {"name", &name},
                    {"arguments", &arguments},
                    {"input", &input}}))
      return;
    const std::string kind = type.text_up_to(256);
    if (kind == "message") return take_texts(place, content, Kind::kText, 0);
    if (kind == "reasoning") {
      take_texts(place, summary, Kind::kReasoning, 0);
      return take_texts(place, content, Kind::kReasoning, kContentBit);
    }
    const bool is_call = kind == "function_call" || kind == "custom_tool_call";
    ContentPart* const part =
        output_.part(message(), is_call ? Kind::kToolCall : Kind::kOther, key_of(place, 0));
    if (part == nullptr) return;
    part->name = is_call ? name.text_up_to(256) : kind;
    if (!is_call) return;
    part->is_json = true;
    part->id = call_id.text_up_to(256);
    const std::string text = (kind == "function_call" ? arguments : input).text();
    if (!text.empty()) output_.set(*part, text);
  }

  void take_texts(std::uint64_t place, View parts, Kind kind, std::uint64_t bit) {
    std::uint64_t at = 0;
    for (const View part : parts.elements()) {
      View text;
      View refusal;
      if (!part.pick({{"text", &text}, {"refusal", &refusal}})) continue;
      const std::uint64_t key = key_of(place, at++) | bit;
      set(kind, key, text);
      set(Kind::kRefusal, key, refusal);
    }
  }

  std::string scratch_;
};

}  // namespace

std::unique_ptr<ContentReader> make_responses_content(ContentBounds bounds) {
  return std::make_unique<ResponsesContent>(bounds);
}

}  // namespace archestra::providers::openai
