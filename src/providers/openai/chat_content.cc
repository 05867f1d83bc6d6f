#include <string>

#include "http/sse.h"
#include "providers/openai/content.h"
#include "providers/openai/stream_event.h"

namespace archestra::providers::openai {
namespace {

using json::View;
using Kind = ContentPart::Kind;

std::string_view finish_reason_of(std::string_view reason) {
  return reason == "tool_calls" || reason == "function_call" ? std::string_view("tool_call") : reason;
}

class ChatContent final : public ContentReader {
 public:
  explicit ChatContent(ContentBounds bounds) : ContentReader(bounds) {}

  void on_event(std::string_view raw) override {
    const StreamEvent event = read_stream_event(raw, scratch_);
    if (event.root) take(*event.root);
  }
  void on_body(std::string_view body, std::size_t slack) override {
    if (const auto root = View::parse(body, slack)) take(*root);
  }

 private:
  void take(View root) {
    View choices;
    if (!root.pick({{"choices", &choices}})) return;
    std::uint64_t place = 0;
    for (const View choice : choices.elements()) take_choice(choice, place++);
  }

  void take_choice(View choice, std::uint64_t place) {
    View index;
    View delta;
    View said;
    View text;
    View reason;
    if (!choice.pick({{"index", &index},
                      {"delta", &delta},
                      {"message", &said},
                      {"text", &text},
                      {"finish_reason", &reason}}))
      return;
    ContentMessage* const message = output_.choice(index.as_count().value_or(place));
    if (message == nullptr) return;
    append(*message, Kind::kText, text);
    take_message(*message, delta);
    take_message(*message, said);
    if (reason.is(View::Kind::kString)) message->finish_reason = finish_reason_of(reason.text_up_to(64));
  }

  void take_message(ContentMessage& message, View said) {
    View content;
    View reasoning_content;
    View reasoning;
    View refusal;
    View audio;
    View tool_calls;
    View function_call;
    if (!said.pick({{"content", &content},
                    {"reasoning_content", &reasoning_content},
                    {"reasoning", &reasoning},
                    {"refusal", &refusal},
                    {"audio", &audio},
                    {"tool_calls", &tool_calls},
                    {"function_call", &function_call}}))
      return;
    // Some servers say it under both names.
    append(message, Kind::kReasoning,
           reasoning_content.is(View::Kind::kString) ? reasoning_content : reasoning);
    append(message, Kind::kText, content);
    append(message, Kind::kRefusal, refusal);
    take_audio(message, audio);
    std::uint64_t place = 0;
    for (const View call : tool_calls.elements()) take_call(message, call, place++);
    take_named(message, kLegacyKey, {}, function_call, "arguments");
  }

  void append(ContentMessage& message, Kind kind, View text) {
    if (text.is(View::Kind::kArray)) {  // as some servers send it
      for (const View part : text.elements()) {
        View inner;
        if (part.pick({{"text", &inner}})) append(message, kind, inner);
      }
      return;
    }
    const std::string words = text.text();
    if (words.empty()) return;
    if (ContentPart* const part = output_.last_part(message, kind)) output_.append(*part, words);
  }

  void take_audio(ContentMessage& message, View audio) {
    View data;
    View transcript;
    if (!audio.pick({{"data", &data}, {"transcript", &transcript}})) return;
    append(message, Kind::kText, transcript);
    if (!data.is(View::Kind::kString)) return;
    ContentPart* const part = output_.part(message, Kind::kBlob, 0);
    if (part == nullptr) return;
    part->modality = "audio";
    part->size += blob_part("audio", "", data).size;
  }

  void take_call(ContentMessage& message, View call, std::uint64_t place) {
    View index;
    View id;
    View function;
    View custom;
    if (!call.pick({{"index", &index}, {"id", &id}, {"function", &function}, {"custom", &custom}})) return;
    const std::uint64_t key = index.as_count().value_or(place);
    take_named(message, key, id, function, "arguments");
    take_named(message, key, id, custom, "input");
  }

  void take_named(ContentMessage& message, std::uint64_t key, View id, View named,
                  std::string_view arguments) {
    View name;
    View text;
    if (!named.is(View::Kind::kObject) || !named.pick({{"name", &name}, {arguments, &text}})) return;
    ContentPart* const part = output_.part(message, Kind::kToolCall, key);
    if (part == nullptr) return;
    part->is_json = true;
    // Some servers repeat them with each fragment.
    if (part->id.empty()) part->id = id.text_up_to(256);
    if (part->name.empty()) part->name = name.text_up_to(256);
    if (text.is(View::Kind::kObject))
      output_.set(*part, text.raw());
    else
      output_.append(*part, text.text());
  }

  static constexpr std::uint64_t kLegacyKey = UINT64_MAX;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<ContentReader> make_chat_content(ContentBounds bounds) {
  return std::make_unique<ChatContent>(bounds);
}

}  // namespace archestra::providers::openai
