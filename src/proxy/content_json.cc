#include "proxy/content_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/json_text.h"

namespace archestra::proxy {
namespace {

using providers::ContentList;
using providers::ContentMessage;
using providers::ContentPart;
using providers::json::View;
using Kind = ContentPart::Kind;

constexpr std::string_view kTruncated = R"(,"truncated":true)";
// Room for "messages_left_out" or "parts_left_out" with any number.
constexpr std::size_t kNoteBytes = 40;
constexpr std::size_t kNameBytesMax = 128;
// Less of a text than this tells nobody anything.
constexpr std::size_t kTextBytesMin = 16;

// How many bytes of `text` make a JSON string of `bytes_max` at most, quotes included.
std::size_t fitting(std::string_view text, std::size_t bytes_max) {
  constexpr std::size_t kQuotes = 2;
  if (bytes_max < kQuotes) return 0;
  std::size_t room = bytes_max - kQuotes;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    const std::size_t plain = base::plain_prefix(rest);
    if (plain >= room) return at + room;
    at += plain;
    room -= plain;
    if (plain == rest.size()) break;
    const auto c = static_cast<unsigned char>(text[at]);
    const std::size_t length = std::max<std::size_t>(base::utf8_sequence_length(text.substr(at)), 1);
    const bool is_short = c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t';
    std::size_t written = length;
    if (c < 0x80) written = is_short ? 2 : 6;
    if (c >= 0x80 && length == 1) written = 3;  // no UTF-8: U+FFFD
    if (written > room) return at;
    room -= written;
    at += length;
  }
  return at;
}

std::string json_string(std::string_view text) {
  std::string out;
  base::append_json_string(out, text);
  return out;
}

std::string_view type_of(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "text";
    case Kind::kReasoning:
      return "reasoning";
    case Kind::kRefusal:
      return "refusal";
    case Kind::kToolCall:
      return "tool_call";
    case Kind::kToolResponse:
      return "tool_call_response";
    case Kind::kBlob:
      return "blob";
    case Kind::kUri:
      return "uri";
    case Kind::kFile:
      return "file";
    case Kind::kOther:
      break;
  }
  return "";
}

std::string_view text_member(Kind kind) {
  switch (kind) {
    case Kind::kToolCall:
      return "arguments";
    case Kind::kToolResponse:
      return "response";
    case Kind::kUri:
      return "uri";
    case Kind::kFile:
      return "file_id";
    default:
      return "content";
  }
}

std::string joined(std::vector<std::string>& backwards) {
  std::string out;
  for (auto item = backwards.rbegin(); item != backwards.rend(); ++item) {
    if (!out.empty()) out += ',';
    out += *item;
  }
  return out;
}

}  // namespace

// What is left of a limit. Where not all has room, no text takes more than half of what is left but the one
// that is left over: else the last of them, such as a tool's result, would take all.
class ContentJson::Budget {
 public:
  Budget(std::size_t bytes, bool shares) : left_(bytes), shares_(shares) {}

  std::size_t left() const { return left_; }
  std::size_t for_one() const { return shares_ && !is_last_ ? left_ / 2 : left_; }
  bool try_take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  void give_back(std::size_t bytes) { left_ += bytes; }
  void set_last(bool is_last) { is_last_ = is_last; }
  bool is_last() const { return is_last_; }
  void note_cut() { has_cut_ = true; }
  bool has_cut() const { return has_cut_; }

 private:
  std::size_t left_;
  const bool shares_;
  bool is_last_ = false;
  bool has_cut_ = false;
};

std::string ContentJson::redacted(std::string_view text) const {
  std::string out;
  redactor_.append(out, text, text.size(), secrets_);
  return out;
}

void ContentJson::put_member(std::string& out, std::string_view name, std::string_view text) const {
  if (text.empty()) return;
  const std::string clean = redacted(text);
  out.append(",\"").append(name).append("\":");
  base::append_json_string(out, std::string_view(clean).substr(0, fitting(clean, kNameBytesMax)));
}

std::string ContentJson::redacted_json(View value) const {
  std::string out;
  switch (value.kind()) {
    case View::Kind::kString:
      return json_string(redacted(value.text()));
    case View::Kind::kArray:
      out += '[';
      for (const View element : value.elements()) {
        if (out.size() > 1) out += ',';
        out += redacted_json(element);
      }
      return out += ']';
    case View::Kind::kObject:
      out += '{';
      for (const auto& member : value.members()) {
        if (out.size() > 1) out += ',';
        out.append(redacted_json(member.key)).append(":").append(redacted_json(member.value));
      }
      return out += '}';
    default:
      return std::string(value.raw());
  }
}

// The text as a JSON value; "" where there is no room.
std::string ContentJson::value(const ContentPart& part, std::size_t bytes_max, bool& is_cut) const {
  std::string clean;
  is_cut = part.is_cut;
  std::string scratch;
  const std::string_view text =
      part.is_json ? base::with_whole_characters(part.text, scratch) : std::string_view(part.text);
  const auto json = part.is_json && !part.is_cut ? View::parse(text) : std::nullopt;
  if (json) {
    clean = redacted_json(*json);
    if (clean.size() <= bytes_max) return clean;
  } else {
    redactor_.append(clean, text, text.size() - (part.is_cut ? std::min(kMargin, text.size()) : 0), secrets_);
  }
  const std::size_t kept = fitting(clean, bytes_max);
  is_cut |= kept < clean.size();
  if (kept < std::min(kTextBytesMin, clean.size()) || bytes_max < 2) return {};
  return json_string(std::string_view(clean).substr(0, kept));
}

// "" where it has no room.
std::string ContentJson::part(const ContentPart& part, Budget& budget) const {
  std::string out = R"({"type":)";
  const std::string_view type = type_of(part.kind);
  out += json_string(type.empty() ? redacted(part.name) : type);
  put_member(out, "id", part.id);
  if (part.kind == Kind::kToolResponse) put_member(out, "name", part.name);
  if (part.kind == Kind::kToolCall) {
    out += R"(,"name":)";  // which the conventions require
    const std::string clean = redacted(part.name);
    base::append_json_string(out, std::string_view(clean).substr(0, fitting(clean, kNameBytesMax)));
  }
  put_member(out, "modality", part.modality);
  put_member(out, "mime_type", part.mime_type);
  if (part.kind == Kind::kBlob) {
    fmt::format_to(std::back_inserter(out), R"(,"size":{},"content":""{}}})", part.size, kTruncated);
  } else if (part.kind == Kind::kOther || (part.kind == Kind::kToolCall && part.text.empty())) {
    out += '}';
  } else {
    out.append(",\"").append(text_member(part.kind)).append("\":");
    const std::size_t around = out.size() + kTruncated.size() + 1;
    if (around > budget.left()) return {};
    bool is_cut = false;
    const std::string text = value(part, std::min(budget.left() - around, budget.for_one()), is_cut);
    if (text.empty()) return {};
    if (is_cut) budget.note_cut();
    out.append(text).append(is_cut ? kTruncated : "").append("}");
  }
  return budget.try_take(out.size()) ? out : std::string();
}

std::string ContentJson::parts(const ContentMessage& message, Budget& budget, std::size_t& left_out) const {
  std::vector<std::string> backwards;
  const bool is_last_message = budget.is_last();
  left_out = message.parts_left_out;
  for (std::size_t i = message.parts.size(); i-- > 0;) {
    budget.set_last(is_last_message && i == 0);
    std::string text;
    if (budget.try_take(1)) text = part(message.parts[i], budget);  // the comma
    if (text.empty()) {
      left_out += i + 1;
      budget.note_cut();
      break;
    }
    backwards.push_back(std::move(text));
  }
  return joined(backwards);
}

std::string ContentJson::message(const ContentMessage& message, bool is_output, Budget& budget) const {
  std::string out = R"({"role":)";
  const std::string role = redacted(message.role);
  base::append_json_string(out, std::string_view(role).substr(0, fitting(role, kNameBytesMax)));
  put_member(out, "name", message.name);
  // Where none came the answer broke off.
  if (is_output)
    put_member(out, "finish_reason", message.finish_reason.empty() ? "error" : message.finish_reason);
  out += R"(,"parts":[)";
  const std::size_t around = out.size() + kNoteBytes + 2;
  if (!budget.try_take(around)) return {};
  std::size_t left_out = 0;
  const std::string all = parts(message, budget, left_out);
  if (all.empty() && !message.parts.empty()) {
    budget.give_back(around);
    return {};
  }
  out.append(all).append("]");
  if (left_out == 0) budget.give_back(kNoteBytes);
  if (left_out > 0) fmt::format_to(std::back_inserter(out), R"(,"parts_left_out":{})", left_out);
  return out += '}';
}

std::string ContentJson::messages(const ContentList& list, bool is_output) const {
  const auto& all = list.messages();
  if (all.empty() || bytes_max_ < 2 + kNoteBytes) return {};
  const auto write = [&](bool shares) -> std::pair<std::string, bool> {
    Budget budget(bytes_max_ - 2 - kNoteBytes, shares);
    std::vector<std::string> backwards;
    std::size_t left_out = list.left_out();
    for (std::size_t i = all.size(); i-- > 0;) {
      budget.set_last(i == 0);
      std::string text;
      if (budget.try_take(1)) text = message(all[i], is_output, budget);
      if (text.empty()) {
        left_out += i + 1;
        budget.note_cut();
        break;
      }
      backwards.push_back(std::move(text));
    }
    if (backwards.empty()) return {"", budget.has_cut()};
    if (left_out > 0) {
      backwards.back().pop_back();
      fmt::format_to(std::back_inserter(backwards.back()), R"(,"messages_left_out":{}}})", left_out);
    }
    return {"[" + joined(backwards) + "]", budget.has_cut()};
  };
  auto [text, has_cut] = write(false);
  return has_cut ? write(true).first : std::move(text);
}

std::string ContentJson::input_messages(const ContentList& list) const { return messages(list, false); }
std::string ContentJson::output_messages(const ContentList& list) const { return messages(list, true); }

std::string ContentJson::system_instructions(const ContentList& list) const {
  if (list.messages().empty() || list.messages().front().parts.empty() || bytes_max_ < 2) return {};
  const auto write = [&](bool shares) -> std::pair<std::string, bool> {
    Budget budget(bytes_max_ - 2, shares);
    budget.set_last(true);
    std::size_t left_out = 0;
    std::string text = parts(list.messages().front(), budget, left_out);
    if (!text.empty()) text = "[" + text + "]";
    return {std::move(text), budget.has_cut()};
  };
  auto [text, has_cut] = write(false);
  return has_cut ? write(true).first : std::move(text);
}

std::string ContentJson::tool_definitions(std::span<const providers::ToolDefinition> tools) const {
  std::string out;
  for (const providers::ToolDefinition& tool : tools) {
    std::string text = R"({"type":)";
    text += json_string(redacted(tool.type));
    put_member(text, "name", tool.name);
    text += '}';
    if (out.size() + text.size() + 2 > bytes_max_) break;
    out.append(out.empty() ? "[" : ",").append(text);
  }
  return out.empty() ? out : out += ']';
}

}  // namespace archestra::proxy
