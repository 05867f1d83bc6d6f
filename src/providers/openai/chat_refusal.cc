#include "providers/openai/chat_refusal.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/json_text.h"

namespace archestra::providers::openai {
namespace {

using json::Member;
using json::Rewrite;
using json::View;
using Kind = View::Kind;

bool is_one_of(const Member& member, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return member.is(name); });
}

bool is_nothing(View value) {
  return value.is(Kind::kNull) || value.raw() == "\"\"" ||
         (value.is(Kind::kArray) && value.elements().begin() == value.elements().end());
}

constexpr std::string_view kCalls[] = {"tool_calls", "function_call"};
bool is_calls(const Member& member) { return member.is(kCalls[0]) || member.is(kCalls[1]); }

// Whether a delta says something to a client that knows the role and gets no calls.
bool says_something(View delta) {
  return std::ranges::any_of(delta.members(), [](const Member& member) {
    return !is_calls(member) && !member.is("role") && !is_nothing(member.value);
  });
}

bool choice_says_something(View choice) {
  return std::ranges::any_of(choice.members(), [](const Member& member) {
    if (member.is("index")) return false;
    if (is_one_of(member, {"delta", "message"})) return says_something(member.value);
    return !member.value.is(Kind::kNull);
  });
}

// Whether a chunk without choices is worth sending.
bool root_says_something(View root) {
  return std::ranges::any_of(root.members(), [](const Member& member) {
    return !is_one_of(member, {"choices", "id", "object", "created", "model", "service_tier",
                               "system_fingerprint", "obfuscation"}) &&
           !member.value.is(Kind::kNull);
  });
}

// The content of a message that had `content`, behind other text where there was some.
void append_content(View content, bool has_text_before, std::string_view refusal, std::string& out) {
  if (content.is(Kind::kArray) && !is_nothing(content)) {
    json::rewrite_array(content, out, [](View, std::string&) { return Rewrite::kKeep; });
    out.back() = ',';
    out += R"({"type":"text","text":)";
    base::append_json_string(out, refusal);
    out += "}]";
    return;
  }
  std::string text = content.text();
  if (!text.empty() || has_text_before) text += "\n\n";
  base::append_json_string(out, text.append(refusal));
}

struct NewText {
  std::string_view refusal;
  bool has_text_before = false;
};

// A delta or a message without its calls; with the refusal where `text` is there.
void rewrite_message(View message, const NewText* text, std::string& out) {
  bool has_content = false;
  bool has_refusal = false;
  json::rewrite_object(message, out, [&](const Member& member, std::string& value) {
    if (is_calls(member)) return Rewrite::kDrop;
    if (text == nullptr) return Rewrite::kKeep;
    if (member.is("content")) {
      has_content = true;
      append_content(member.value, text->has_text_before, text->refusal, value);
      return Rewrite::kReplaced;
    }
    if (member.is("refusal")) {
      has_refusal = true;
      base::append_json_string(value, text->refusal);
      return Rewrite::kReplaced;
    }
    return Rewrite::kKeep;
  });
  if (text == nullptr) return;
  const auto add = [&out](std::string_view name) {
    out.pop_back();
    if (!out.ends_with('{')) out += ',';
    out.append("\"").append(name).append("\":");
  };
  if (!has_content) {
    add("content");
    append_content({}, text->has_text_before, text->refusal, out);
    out += '}';
  }
  if (!has_refusal) {
    add("refusal");
    base::append_json_string(out, text->refusal);
    out += '}';
  }
}

void rewrite_choice(View choice, const ChoicePart& part, const NewText* text, std::string& out) {
  json::rewrite_object(choice, out, [&](const Member& member, std::string& value) {
    if (member.is("finish_reason") && part.ends_in_calls) {
      value += "\"stop\"";
      return Rewrite::kReplaced;
    }
    const bool is_delta = member.is("delta") && !part.delta.empty();
    const bool is_message = member.is("message") && !part.message.empty();
    if (!is_delta && !is_message) return Rewrite::kKeep;
    rewrite_message(member.value, is_delta || part.delta.empty() ? text : nullptr, value);
    return Rewrite::kReplaced;
  });
}

}  // namespace

void ChatRefusal::note_stream(View root) {
  constexpr std::size_t kBytesMax = 4096;
  if (!stream_.empty()) return;
  View id;
  View created;
  View model;
  View fingerprint;
  if (!root.pick(
          {{"id", &id}, {"created", &created}, {"model", &model}, {"system_fingerprint", &fingerprint}}))
    return;
  if (!id.is(Kind::kString) || !created.is(Kind::kNumber) || !model.is(Kind::kString)) return;
  if (id.raw().size() + model.raw().size() + fingerprint.raw().size() > kBytesMax) return;
  stream_.append("\"id\":").append(id.raw());
  stream_.append(R"(,"object":"chat.completion.chunk","created":)").append(created.raw());
  stream_.append(",\"model\":").append(model.raw());
  if (fingerprint.is(Kind::kString)) stream_.append(",\"system_fingerprint\":").append(fingerprint.raw());
}

ChoiceState& ChatRefusal::state_of(std::uint64_t choice) {
  if (choices_.size() < kChoicesMax || choices_.contains(choice)) return choices_[choice];
  // Its calls are left out, and that is all: no client asked for so many.
  return too_many_ = {.has_text = true, .has_ended = true, .is_refused = true};
}

void ChatRefusal::note(std::span<const ChoicePart> choices) {
  for (const ChoicePart& choice : choices) {
    ChoiceState& state = state_of(choice.index);
    state.has_text |= choice.has_text;
    state.has_ended |= choice.has_ended;
  }
}

bool ChatRefusal::rewrite_chunk(View root, std::span<const ChoicePart> choices, std::string_view refusal,
                                std::string& out) {
  // A choice without a number is known by its place, so that all have to keep theirs.
  const bool may_drop = choices.size() == 1 ||
                        std::ranges::all_of(choices, [](const auto& choice) { return choice.says_index; });
  const std::size_t before = out.size();
  std::size_t left = 0;
  json::rewrite_object(root, out, [&](const Member& member, std::string& list) {
    if (!member.is("choices")) return Rewrite::kKeep;
    auto part = choices.begin();
    json::rewrite_array(member.value, list, [&](View choice, std::string& value) {
      const ChoicePart& read = *part++;
      ChoiceState& state = state_of(read.index);
      const NewText text{.refusal = refusal, .has_text_before = state.has_text};
      const bool is_first_call = read.has_calls() && !state.is_refused;
      if (read.has_calls() && !is_first_call && may_drop && !choice_says_something(choice))
        return Rewrite::kDrop;
      ++left;
      if (!is_concerned(read)) return Rewrite::kKeep;
      state.is_refused |= is_first_call;
      rewrite_choice(choice, read, is_first_call ? &text : nullptr, value);
      return Rewrite::kReplaced;
    });
    return Rewrite::kReplaced;
  });
  note(choices);
  if (left > 0 || root_says_something(root)) return true;
  out.resize(before);
  return false;
}

void ChatRefusal::rewrite_body(View root, std::span<const ChoicePart> choices, std::string_view refusal,
                               std::string& out) {
  json::rewrite_object(root, out, [&](const Member& member, std::string& list) {
    if (!member.is("choices")) return Rewrite::kKeep;
    auto part = choices.begin();
    json::rewrite_array(member.value, list, [&](View choice, std::string& value) {
      const ChoicePart& read = *part++;
      if (!is_concerned(read)) return Rewrite::kKeep;
      const NewText text{.refusal = refusal};
      rewrite_choice(choice, read, read.has_calls() ? &text : nullptr, value);
      return Rewrite::kReplaced;
    });
    return Rewrite::kReplaced;
  });
}

bool ChatRefusal::has_refused() const {
  return std::ranges::any_of(choices_, [](const auto& choice) { return choice.second.is_refused; });
}

void ChatRefusal::begin_chunk(std::string& out) const {
  constexpr std::string_view kUnknown =
      R"("id":"chatcmpl-refused","object":"chat.completion.chunk","created":0,"model":"")";
  out.append("{").append(stream_.empty() ? kUnknown : stream_).append(",\"choices\":[");
}

void ChatRefusal::append_refusal(std::string_view refusal, std::string& out) {
  // Whose choice it was cannot be told.
  const bool is_new = !choices_.contains(0);
  ChoiceState& state = state_of(0);
  begin_chunk(out);
  out += R"({"index":0,"delta":{)";
  if (is_new) out += R"("role":"assistant",)";
  out += "\"content\":";
  append_content({}, state.has_text, refusal, out);
  out += ",\"refusal\":";
  base::append_json_string(out, refusal);
  out += R"(},"logprobs":null,"finish_reason":null}]})";
  state.has_text = true;
  state.is_refused = true;
}

bool ChatRefusal::append_end(std::string& out) {
  const std::size_t before = out.size();
  begin_chunk(out);
  const std::size_t begun = out.size();
  for (auto& [index, state] : choices_) {
    if (!state.is_refused || std::exchange(state.has_ended, true)) continue;
    if (out.size() > begun) out += ',';
    out.append("{\"index\":").append(std::to_string(index));
    out += R"(,"delta":{},"logprobs":null,"finish_reason":"stop"})";
  }
  const bool has_any = out.size() > begun;
  out += "]}";
  if (!has_any) out.resize(before);
  return has_any;
}

void ChatRefusal::append_body(std::string_view refusal, std::string& out) {
  out +=
      R"({"id":"chatcmpl-refused","object":"chat.completion","created":0,"model":"","choices":[{"index":0,)"
      R"("message":{"role":"assistant","content":)";
  base::append_json_string(out, refusal);
  out += ",\"refusal\":";
  base::append_json_string(out, refusal);
  out += R"(},"logprobs":null,"finish_reason":"stop"}]})";
}

}  // namespace archestra::providers::openai
