#include "policy/refusal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/assert.h"
#include "base/json_text.h"

namespace archestra::policy {
namespace {

// In bytes, as they are shown.
constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kArgumentsBytesMax = std::size_t{2} << 10;
constexpr std::size_t kReasonBytesMax = std::size_t{8} << 10;
constexpr std::size_t kTextBytesMax = std::size_t{32} << 10;

constexpr std::string_view kCut = "...";
constexpr std::string_view kNotReadable = "arguments that could not be read";
constexpr std::string_view kRefusedBesides = "not made because another call of the same answer was refused.";

// The character at the start of `text` as it is shown, and its length there. A model that reads this must not
// take a part of it for a line of its own.
struct Shown {
  std::string text;
  std::size_t length;
};

Shown first_shown(std::string_view text) {
  const std::size_t length = base::utf8_sequence_length(text);
  if (length == 0) return {.text = "\xef\xbf\xbd", .length = 1};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const bool is_c1 = length == 2 && byte(0) == 0xc2 && byte(1) < 0xa0;
  const bool is_line_end = text.starts_with("\u2028") || text.starts_with("\u2029");
  if (byte(0) < 0x20 || byte(0) == 0x7f) return {.text = fmt::format("\\u{:04x}", byte(0)), .length = 1};
  if (is_c1) return {.text = fmt::format("\\u{:04x}", byte(1)), .length = 2};
  if (is_line_end) return {.text = text.starts_with("\u2028") ? "\\u2028" : "\\u2029", .length = 3};
  return {.text = std::string(text.substr(0, length)), .length = length};
}

std::string shown(std::string_view text, std::size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    const Shown next = first_shown(text);
    if (out.size() + next.text.size() > bytes_max) return out += kCut;
    out += next.text;
    text.remove_prefix(next.length);
  }
  return out;
}

std::string line_of(const CallToJudge& call, const call::ToolDecision& decision) {
  const bool is_blocked = decision.decision == call::Decision::kBlocked;
  return fmt::format("\n- {}({}): {}", shown(call.name, kNameBytesMax),
                     call.arguments_are_readable ? shown(call.arguments, kArgumentsBytesMax) : kNotReadable,
                     is_blocked ? shown(decision.reason, kReasonBytesMax) : kRefusedBesides);
}

}  // namespace

std::string refusal_text(std::span<const CallToJudge> calls, std::span<const call::ToolDecision> decisions) {
  ARCHESTRA_ASSERT(calls.size() == decisions.size(), "each call has a decision");
  if (calls.empty())
    return "This answer may call tools in a way that could not be read. It was refused by a policy.";
  std::string text = calls.size() == 1 ? "The following tool call was refused by a policy and not made."
                                       : "The following tool calls were refused by a policy and not made.";
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string line = line_of(calls[i], decisions[i]);
    if (text.size() + line.size() > kTextBytesMax) {
      fmt::format_to(std::back_inserter(text), "\n- and {} more.", calls.size() - i);
      break;
    }
    text += line;
  }
  return text;
}

}  // namespace archestra::policy
