#include <algorithm>
#include <optional>
#include <string>

#include "http/sse.h"
#include "providers/event_shape.h"
#include "providers/json.h"
#include "providers/openai/answer_parts.h"
#include "providers/openai/chat.h"

namespace archestra::providers::openai {
namespace {

using json::ondemand::array;
using json::ondemand::object;
using json::ondemand::raw_json_string;
using json::ondemand::value;

// More than any request may ask for (`n` is at most 128); an index beyond it is ignored.
constexpr std::uint64_t kChoicesMax = 128;

// A text, or a list of parts as some servers send it; not "", [] or null.
bool is_content(value member) {
  array parts;
  bool empty = true;
  if (!member.get_array().get(parts)) return !parts.is_empty().get(empty) && !empty;
  const auto text = json::as_string(member);
  return text && !text->empty();
}

class ChatScan final : public ResponseScan {
 public:
  explicit ChatScan(UsageChunk usage_chunk) : usage_chunk_(usage_chunk) {}

  Verdict on_event(std::string_view raw) override {
    if (plain_chunk_.matches(raw)) {
      ++facts_.content_events;
      return Verdict::kPass;
    }
    const auto data = http::sse_data(raw, scratch_);
    if (!data) return Verdict::kPass;
    if (*data == "[DONE]") {
      facts_.ended = true;
      if (facts_.usage.provenance == call::Provenance::kEstimate)
        facts_.usage.provenance = call::Provenance::kProvider;
      return Verdict::kPass;
    }
    const ResponseFacts facts_before = facts_;
    const std::size_t calls_before = calls_.size();
    const std::optional<Root> root = read_root(*data, 0);
    if (!root) {
      facts_ = facts_before;
      calls_.cut(calls_before);
      return Verdict::kPass;
    }
    if (root->has_content) ++facts_.content_events;
    if (root->is_plain && root->content != nullptr) remember(raw, *data, *root);
    // Some servers have usage in every chunk: then nobody knows which is the last until the stream has ended.
    if (root->has_usage && !root->has_empty_choices && !facts_.ended)
      facts_.usage.provenance = call::Provenance::kEstimate;
    const bool is_usage_chunk = root->has_usage && root->has_empty_choices && !root->has_error;
    return is_usage_chunk && usage_chunk_ == UsageChunk::kDrop ? Verdict::kDrop : Verdict::kPass;
  }

  void on_body(std::string_view body, std::size_t slack) override {
    if (!read_root(body, slack)) facts_ = {};
  }

 private:
  struct Root {
    bool has_content = false;
    bool has_usage = false;
    bool has_empty_choices = false;
    bool has_error = false;
    bool is_plain = true;  // to read it again would find nothing more than its content
    // Where in the document two texts begin, at their quotes, that differ from chunk to chunk.
    const char* document = nullptr;
    const char* content = nullptr;
    const char* obfuscation = nullptr;  // random text, so that a chunk's size tells nothing
  };

  // Data of several lines is no piece of the event.
  void remember(std::string_view raw, std::string_view data, const Root& root) {
    if (data.data() == scratch_.data()) return;
    const auto place = [&](const char* text) {
      return static_cast<std::size_t>((data.data() - raw.data()) + (text - root.document));
    };
    const std::size_t content = place(root.content);
    if (root.obfuscation == nullptr) return plain_chunk_.learn(raw, {content});
    const auto [first, second] = std::minmax({content, place(root.obfuscation)});
    plain_chunk_.learn(raw, {first, second});
  }

  // Nothing where the text is no JSON object; what facts_ got from it by then is to be taken back.
  std::optional<Root> read_root(std::string_view text, std::size_t slack) {
    Root root;
    json::ondemand::document document;
    if (json::read(text, slack).get(document)) return std::nullopt;
    root.document = json::begin_of(document, text);
    const bool is_whole = json::for_each_root_member(document, [&](raw_json_string key, value member) {
      if (key == "choices") {
        root.has_empty_choices = read_choices(member, root) == 0;
      } else if (key == "usage") {
        root.has_usage = read_usage(member, facts_.usage);
        root.is_plain &= !root.has_usage;
      } else if (key == "id" && facts_.id.empty()) {
        facts_.id = json::as_string(member).value_or("");
      } else if (key == "model" && facts_.model.empty()) {
        facts_.model = json::as_string(member).value_or("");
      } else if (key == "service_tier" && facts_.service_tier.empty()) {
        facts_.service_tier = json::as_string(member).value_or("");
      } else if (key == "system_fingerprint" && facts_.system_fingerprint.empty()) {
        facts_.system_fingerprint = json::as_string(member).value_or("");
      } else if (key == "error" && json::is_object(member)) {
        facts_.error_type = error_type_of(member);
        root.has_error = true;
        root.is_plain = false;
      } else if (key == "obfuscation" && json::is_string(member)) {
        root.obfuscation = member.raw_json_token().data();
      }
    });
    if (!is_whole) return std::nullopt;
    return root;
  }

  // How many there are; 1 where that cannot be told, so that nothing is taken for empty by mistake.
  std::size_t read_choices(value choices, Root& root) {
    array list;
    if (choices.get_array().get(list)) return 1;
    std::size_t count = 0;
    for (auto item : list) {
      object choice;
      if (item.get_object().get(choice)) return count + 1;
      read_choice(choice, count++, root);
    }
    return count;
  }

  // Chunks name their choice and their tool call by `index`. It usually stands first, but servers that sort
  // their members have it behind what it is needed for. Where it is missing, the place in the list counts.
  static std::uint64_t index_of(object& item, std::uint64_t position) {
    value index;
    if (!item.find_field_unordered("index").get(index)) position = json::as_count(index).value_or(position);
    [[maybe_unused]] const auto rewound = item.reset();  // where it fails, so does the next look
    return position;
  }

  void read_choice(object choice, std::size_t position, Root& root) {
    const std::uint64_t index = index_of(choice, position);
    json::for_each_member(choice, [&](raw_json_string key, value member) {
      if (key == "delta" || key == "message") {
        read_message(member, index, root);
      } else if (key == "text") {
        note_text(member, root);
      } else if (key == "finish_reason") {
        if (const auto reason = json::as_string(member); reason && index < kChoicesMax) {
          if (facts_.finish_reasons.size() <= index) facts_.finish_reasons.resize(index + 1);
          facts_.finish_reasons[index] = *reason;
          root.is_plain = false;
        }
      }
    });
  }

  static void note_text(value text, Root& root) {
    if (!is_content(text)) return;
    root.has_content = true;
    if (json::is_string(text)) root.content = text.raw_json_token().data();
  }

  void read_message(value message, std::uint64_t choice, Root& root) {
    json::for_each_member(message, [&](raw_json_string key, value member) {
      if (key == "content" || key == "reasoning_content" || key == "reasoning" || key == "refusal") {
        note_text(member, root);
      } else if (key == "tool_calls") {
        if (!read_tool_calls(member, choice)) return;
        root.has_content = true;
        root.is_plain = false;
      } else if (key == "function_call" && json::is_object(member)) {  // before tools; still spoken
        count_tool_call(choice, kFunctionCall);
        root.has_content = true;
        root.is_plain = false;
      }
    });
  }

  bool read_tool_calls(value calls, std::uint64_t choice) {
    array list;
    if (calls.get_array().get(list)) return false;
    std::uint64_t position = 0;
    for (auto item : list) {
      object call;
      if (item.get_object().get(call)) break;
      count_tool_call(choice, index_of(call, position++));
    }
    return position > 0;
  }

  // A call comes in many fragments; it is one by its choice and index.
  void count_tool_call(std::uint64_t choice, std::uint64_t index) {
    if (calls_.add(choice * ToolCalls::kMax + std::min(index, ToolCalls::kMax - 1))) ++facts_.tool_calls;
  }

  static constexpr std::uint64_t kFunctionCall = ToolCalls::kMax - 1;
  const UsageChunk usage_chunk_;
  std::string scratch_;
  EventShape plain_chunk_;
  ToolCalls calls_;
};

}  // namespace

std::unique_ptr<ResponseScan> make_chat_scan(UsageChunk usage_chunk) {
  return std::make_unique<ChatScan>(usage_chunk);
}

}  // namespace archestra::providers::openai
