#include "providers/openai/chat_tool_calls.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "http/sse.h"
#include "providers/event_shape.h"
#include "providers/json_view.h"
#include "providers/openai/call_list.h"
#include "providers/openai/chat_choices.h"
#include "providers/openai/chat_refusal.h"
#include "providers/openai/stream_event.h"

namespace archestra::providers::openai {
namespace {

using json::View;

// Puts the calls of all choices together. SDKs differ in what they make of a call that is named twice: they
// put the names together, or take the first, or the last, or take another id for another call. So a call is
// listed under each of these names, and arguments that could be put together in several ways are not
// readable.
class ChatCalls {
 public:
  explicit ChatCalls(std::vector<ToolCall>& calls) : list_(calls) {}

  /// A call that comes whole, in a message. False where there is no room for it.
  bool add_whole(const CallPart& part) {
    const auto at = list_.add(part.name);
    if (at) append(*at, part);
    return at.has_value();
  }

  /// `place`: where among the fragments of its choice it stands. False where it cannot be told whose it is.
  bool add_fragment(std::uint64_t choice, std::uint64_t place, const CallPart& part) {
    Call* call = find(choice, place, part);
    if (call == nullptr) {
      const auto at = list_.add(part.name);
      if (!at) return false;
      calls_.push_back({.choice = choice,
                        .index = part.index.value_or(place),
                        .is_legacy = part.is_legacy,
                        .is_input = part.is_input,
                        .at = *at,
                        .id = part.id,
                        .last_name = part.name});
      append(*at, part);
      return true;
    }
    return add_to(*call, part);
  }

 private:
  struct Call {
    std::uint64_t choice = 0;
    std::uint64_t index = 0;
    bool is_legacy = false;
    bool is_input = false;
    std::size_t at = 0;
    std::string id;
    std::string last_name;
  };

  void append(std::size_t at, const CallPart& part) {
    if (!part.is_input)
      list_.append_arguments(at, part.arguments);
    else if (!part.arguments.empty())
      list_.append_input(at, part.arguments);
  }

  Call* find(std::uint64_t choice, std::uint64_t place, const CallPart& part) {
    const auto is_same = [&](const Call& call) {
      if (call.choice != choice || call.is_legacy != part.is_legacy) return false;
      if (part.is_legacy) return true;
      if (part.index) return call.index == *part.index;
      // Without a number another id is another call.
      return part.id.empty() || call.id.empty() ? call.index == place : call.id == part.id;
    };
    Call* found = nullptr;
    for (Call& call : calls_) {
      if (!is_same(call)) continue;
      if (found != nullptr) {
        list_.spoil_arguments(found->at);
        list_.spoil_arguments(call.at);
      }
      found = &call;
    }
    return found;
  }

  bool add_to(Call& call, const CallPart& part) {
    const bool is_other = !part.id.empty() && !call.id.empty() && part.id != call.id;
    if (is_other || part.is_input != call.is_input) list_.spoil_arguments(call.at);
    if (!part.id.empty()) call.id = part.id;
    if (!part.name.empty() && !add_name(call, part.name)) return false;
    append(call.at, part);
    return true;
  }

  bool add_name(Call& call, const std::string& name) {
    if (list_[call.at].name.empty()) {
      call.last_name = name;
      return list_.append_name(call.at, name);
    }
    for (const std::string& one : {call.last_name, name})
      if (!add_reading(call, one)) return false;
    call.last_name = name;
    return list_.append_name(call.at, name);
  }

  // The same name again, as some servers send it with each fragment, is no further reading.
  bool add_reading(const Call& call, const std::string& name) {
    const Reading reading{call.at, name};
    if (std::ranges::find(readings_, reading) != readings_.end()) return true;
    const auto at = list_.add(name);
    if (!at) return false;
    list_.spoil_arguments(*at);
    readings_.push_back(reading);
    return true;
  }

  struct Reading {
    std::size_t of;
    std::string name;
    bool operator==(const Reading&) const = default;
  };

  CallList list_;
  std::vector<Call> calls_;
  std::vector<Reading> readings_;
};

class ChatToolCalls final : public ToolCallReader {
 public:
  EventKind on_event(std::string_view raw) override {
    if (!is_held_ && plain_chunk_.matches(raw)) return EventKind::kHarmless;
    const EventKind kind = read_event(raw);
    is_held_ |= kind != EventKind::kHarmless;
    return kind;
  }

  EventKind on_body(std::string_view body, std::size_t slack) override {
    const auto root = View::parse(body, slack);
    const auto choices = root ? read_choices(*root) : std::nullopt;
    return choices ? take(*choices) : EventKind::kUnread;
  }

  void refuse_event(std::string_view raw, std::string_view refusal, std::string& out) override {
    is_held_ = true;  // also where it begins with an event that could not be kept
    std::string scratch;
    const StreamEvent event = read_stream_event(raw, scratch);
    std::string text;
    if (event.is_done && refusal_.append_end(text)) http::append_sse(out, "", text);
    if (event.kind == EventKind::kHarmless) {
      out += raw;
      return;
    }
    const auto choices = event.root ? read_choices(*event.root) : std::nullopt;
    if (!choices) {
      if (refusal_.has_refused()) return;
      refusal_.append_refusal(refusal, text);
      http::append_sse(out, "", text);
    } else if (!std::ranges::any_of(*choices, is_concerned)) {
      refusal_.note(*choices);
      out += raw;
    } else if (refusal_.rewrite_chunk(*event.root, *choices, refusal, text)) {
      http::append_sse_with_data(out, raw, text);
    }
  }

  void refuse_body(std::string_view body, std::string_view refusal, std::string& out) override {
    const auto root = View::parse(body);
    const auto choices = root ? read_choices(*root) : std::nullopt;
    if (choices)
      refusal_.rewrite_body(*root, *choices, refusal, out);
    else
      ChatRefusal::append_body(refusal, out);
  }

 private:
  EventKind read_event(std::string_view raw) {
    const StreamEvent event = read_stream_event(raw, scratch_);
    if (!event.root) return event.kind;
    const auto choices = read_choices(*event.root);
    if (!choices) return EventKind::kUnread;
    refusal_.note_stream(*event.root);
    const EventKind kind = take(*choices);
    if (kind == EventKind::kHarmless && !is_held_) {
      refusal_.note(*choices);
      if (event.is_in_place) remember(raw, *event.root, *choices);
    }
    return kind;
  }

  EventKind take(const std::vector<ChoicePart>& choices) {
    EventKind kind = EventKind::kHarmless;
    for (const ChoicePart& choice : choices) {
      if (is_concerned(choice)) kind = EventKind::kToolCall;
      std::uint64_t place = 0;
      for (const CallPart& part : choice.delta)
        if (!chat_calls_.add_fragment(choice.index, place++, part)) return EventKind::kUnread;
      for (const CallPart& part : choice.message)
        if (!chat_calls_.add_whole(part)) return EventKind::kUnread;
    }
    return kind;
  }

  // A chunk with one choice and some text in it: the next one most likely differs in nothing else.
  void remember(std::string_view raw, View root, const std::vector<ChoicePart>& choices) {
    View list;
    View obfuscation;
    View delta;
    View content;
    if (choices.size() != 1 || !choices[0].has_text || choices[0].has_ended) return;
    if (!root.pick({{"choices", &list}, {"obfuscation", &obfuscation}})) return;
    if (!(*list.elements().begin()).pick({{"delta", &delta}}) || !delta.pick({{"content", &content}})) return;
    if (!content.is(View::Kind::kString)) return;
    const auto place = [raw](View text) { return static_cast<std::size_t>(text.raw().data() - raw.data()); };
    if (!obfuscation.is(View::Kind::kString)) return plain_chunk_.learn(raw, {place(content)});
    const auto [first, second] = std::minmax({place(content), place(obfuscation)});
    plain_chunk_.learn(raw, {first, second});
  }

  std::string scratch_;
  EventShape plain_chunk_;
  bool is_held_ = false;
  ChatCalls chat_calls_{calls_};
  ChatRefusal refusal_;
};

}  // namespace

std::unique_ptr<ToolCallReader> make_chat_tool_calls() { return std::make_unique<ChatToolCalls>(); }

}  // namespace archestra::providers::openai
