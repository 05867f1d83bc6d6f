#include <map>
#include <string>
#include <utility>

#include "base/text.h"
#include "http/sse.h"
#include "providers/gemini/content.h"
#include "providers/gemini/partial_args.h"
#include "providers/gemini/strict_members.h"

namespace archestra::providers::gemini {
namespace {

using json::View;
using Kind = ContentPart::Kind;

std::string finish_reason_of(std::string_view reason) {
  if (reason == "STOP") return "stop";
  if (reason == "MAX_TOKENS") return "length";
  for (const std::string_view filter :
       {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"})
    if (reason == filter) return "content_filter";
  if (reason.ends_with("FUNCTION_CALL") || reason.ends_with("TOOL_CALL")) return "error";
  return base::lower_case(reason);
}

class Reader final : public ContentReader {
 public:
  explicit Reader(ContentBounds bounds) : ContentReader(bounds) {}

  void on_event(std::string_view raw) override {
    // An element of an array does not end as an event does.
    const bool is_event = raw.ends_with('\n') || raw.ends_with('\r');
    const auto data = is_event ? http::sse_data(raw, scratch_) : std::optional(raw);
    if (data) on_body(*data, 0);
  }

  void on_body(std::string_view body, std::size_t slack) override {
    const auto root = View::parse(body, slack);
    View candidates;
    if (!root || !pick(*root, {{"candidates", "", &candidates}})) return;
    std::uint64_t place = 0;
    for (const View candidate : candidates.elements()) take_candidate(candidate, place++);
  }

 private:
  // The last call of a candidate, while more of it is to come.
  struct OpenCall {
    std::uint64_t key = 0;
    std::size_t bytes = 0;
    PartialArgs args = {};
  };

  void take_candidate(View candidate, std::uint64_t place) {
    View content;
    View index;
    View reason;
    View parts;
    if (!pick(
            candidate,
            {{"content", "", &content}, {"index", "", &index}, {"finishReason", "finish_reason", &reason}}) ||
        !pick(content, {{"parts", "", &parts}}))
      return;
    ContentMessage* const message = output_.choice(index.as_count().value_or(place));
    if (message == nullptr) return;
    for (const View part : parts.elements()) take_part(*message, part);
    if (reason.is(View::Kind::kString)) message->finish_reason = finish_reason_of(reason.text_up_to(64));
  }

  void take_part(ContentMessage& message, View part) {
    View call;
    if (!pick(part, {{"functionCall", "function_call", &call}})) return;
    if (!is_null(call) && take_piece(message, call)) return;
    auto read = read_part(part, output_.bounds().text_bytes_max);
    if (!read) return;
    const bool goes_on = read->kind == Kind::kText || read->kind == Kind::kReasoning;
    if (goes_on && read->text.empty()) return;
    ContentPart* const to = goes_on ? output_.last_part(message, read->kind)
                                    : output_.part(message, read->kind, message.parts.size());
    if (to == nullptr) return;
    if (!goes_on) {
      const std::uint64_t key = to->key;
      const std::string text = std::exchange(read->text, {});
      *to = std::move(*read);
      to->key = key;
      return output_.append(*to, text);
    }
    output_.append(*to, read->text);
  }

  // Arguments that come value by value. False where it is a call as a whole.
  bool take_piece(ContentMessage& message, View call) {
    View id;
    View name;
    View pieces;
    View goes_on;
    if (!pick(call, {{"id", "", &id},
                     {"name", "", &name},
                     {"partialArgs", "partial_args", &pieces},
                     {"willContinue", "will_continue", &goes_on}}))
      return false;
    auto open = open_.find(message.index);
    if (is_null(pieces) && !goes_on.is_true() && open == open_.end()) return false;
    if (open == open_.end()) open = open_.emplace(message.index, OpenCall{.key = message.parts.size()}).first;
    ContentPart* const part = output_.part(message, Kind::kToolCall, open->second.key);
    if (part != nullptr) {
      part->is_json = true;
      if (part->id.empty()) part->id = id.text_up_to(256);
      if (part->name.empty()) part->name = name.text_up_to(256);
      add(open->second, *part, pieces);
    }
    if (!goes_on.is_true()) open_.erase(open);
    return true;
  }

  void add(OpenCall& open, ContentPart& part, View pieces) {
    open.bytes += pieces.raw().size();
    // They are bounded as other texts are.
    if (open.bytes > output_.bounds().text_bytes_max) {
      part.is_cut = true;
      return;
    }
    bool continues = false;
    for (const View piece : pieces.elements())
      if (!open.args.add(piece, continues)) return;
    output_.set(part, open.args.text());
  }

  std::map<std::uint64_t, OpenCall> open_;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<ContentReader> make_content_reader(ContentBounds bounds) {
  return std::make_unique<Reader>(bounds);
}

}  // namespace archestra::providers::gemini
