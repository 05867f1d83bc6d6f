#include "proxy/tool_guard.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "http/sse.h"
#include "policy/refusal_text.h"

namespace archestra::proxy {
namespace {

using call::Decision;
using providers::EventKind;

constexpr std::string_view kUnread =
    "The answer could not be read, and might ask for a call that is forbidden.";
constexpr std::string_view kTooLong = "The answer is too long to be judged as a whole.";
constexpr std::string_view kTogether = "Another call of the same answer was refused.";
// What metrics and spans call a call of which nobody knows the name.
constexpr std::string_view kUnreadTool = "__unread__";

GuardMode mode_of(const CallPolicy& policy) {
  if (policy.could_block()) return GuardMode::kHold;
  return policy.judges_calls() ? GuardMode::kWatch : GuardMode::kNames;
}

bool is_blocked(const call::ToolDecision& decision) { return decision.decision == Decision::kBlocked; }

// What may stand around the elements of an array.
bool is_punctuation(std::string_view gap) {
  return gap.find_first_not_of("[], \t\r\n") == std::string_view::npos;
}

}  // namespace

ToolGuard::ToolGuard(const providers::Provider& provider, const call::Route& route,
                     const providers::RequestFacts& request, CallPolicy& policy, base::BufferPool& pool,
                     GuardLimits limits)
    : provider_(provider),
      route_(route),
      request_(request),
      policy_(policy),
      mode_(mode_of(policy)),
      held_(pool, limits.held_bytes_max, limits.memory_bytes_max) {
  if (mode_ == GuardMode::kHold) reader();
}

providers::ToolCallReader* ToolGuard::reader() {
  if (reader_ == nullptr && !has_no_reader_) {
    reader_ = provider_.tool_calls(route_, request_);
    has_no_reader_ = reader_ == nullptr;
  }
  return reader_.get();
}

// --- Holding ---------------------------------------------------------------------------------------------

void ToolGuard::take(std::string_view gap, std::string_view raw, std::string& out) {
  const std::string_view whole = base::with_whole_characters(raw, scratch_);
  const EventKind kind = reader()->on_event(whole);
  // Text may come in halves of characters; of a call whose text does, nobody knows what it becomes.
  unread_ |= kind == EventKind::kUnread || (kind == EventKind::kToolCall && whole.data() != raw.data());
  if (state_ == State::kRefusing) return refuse_event(raw, out);
  if (state_ == State::kOpen && kind == EventKind::kHarmless) {
    any_left_ = true;
    out.append(gap).append(raw);
    return;
  }
  if (held_.try_add(gap, raw)) {
    state_ = State::kHolding;
    return;
  }
  give_reason(kTooLong);
  refuse_held(out);
  refuse_event(raw, out);
}

void ToolGuard::take_event(std::string_view raw, std::string& out) {
  if (http::is_well_formed_sse(raw)) return take({}, raw, out);
  take_unreadable(out);
}

void ToolGuard::take_element(std::string_view gap, std::string_view element, std::string& out) {
  if (!is_punctuation(gap)) take_unreadable(out);
  take(gap, element, out);
}

void ToolGuard::take_unreadable(std::string& out) {
  unread_ = true;
  give_reason(kUnread);
  if (state_ != State::kRefusing) refuse_held(out);
  refuse_event({}, out);
}

void ToolGuard::end_events(std::string& out) {
  if (state_ != State::kHolding) return;
  if (judge()) return refuse_held(out);
  state_ = State::kReleased;
  out.append(held_.whole());
  held_.clear();
}

void ToolGuard::end_array(std::string_view gap, std::string& out) {
  // What is no array may be events to a client that does not look at the media type.
  if (!is_punctuation(gap)) take_unreadable(out);
  end_events(out);
  if (state_ != State::kRefusing)
    out.append(gap);
  else
    out.append(any_left_ ? "]" : "[]");
}

bool ToolGuard::pass_body(std::string_view body, std::size_t slack, std::string& out) {
  const std::string_view whole = base::with_whole_characters(body, scratch_);
  const bool is_copy = whole.data() != body.data();
  const EventKind kind = body.empty() ? EventKind::kUnread : reader()->on_body(whole, is_copy ? 0 : slack);
  unread_ = kind == EventKind::kUnread || (kind == EventKind::kToolCall && is_copy);
  if (!judge()) return true;
  state_ = State::kRefusing;
  reader()->refuse_body(kind == EventKind::kUnread ? std::string_view() : whole, refusal_, out);
  return false;
}

// --- Judging ---------------------------------------------------------------------------------------------

// Whether the calls are refused. All of them then: an agent that got one and not the other would go on with
// half of what the model wanted.
bool ToolGuard::judge() {
  decisions_ = policy_.judge(reader()->calls());
  judged_ = decisions_.size();
  if (unread_) give_reason(kUnread);
  if (reason_.empty() && std::ranges::none_of(decisions_, is_blocked)) return false;
  for (call::ToolDecision& decision : decisions_)
    if (!is_blocked(decision))
      decision = {.tool = std::move(decision.tool),
                  .decision = Decision::kBlocked,
                  .reason = reason_.empty() ? std::string(kTogether) : reason_};
  std::vector<policy::CallToJudge> calls;
  for (const providers::ToolCall& call : reader()->calls())
    calls.push_back({.name = call.name,
                     .arguments = call.arguments,
                     .arguments_are_readable = call.arguments_are_readable});
  refusal_ = calls.empty() ? reason_ : policy::refusal_text(calls, decisions_);
  if (calls.empty())
    decisions_.push_back(
        {.tool = std::string(kUnreadTool), .decision = Decision::kBlocked, .reason = reason_});
  return true;
}

void ToolGuard::give_reason(std::string_view reason) {
  if (reason_.empty()) reason_ = reason;
}

void ToolGuard::refuse_held(std::string& out) {
  if (refusal_.empty()) judge();
  state_ = State::kRefusing;
  held_.for_each([&](std::string_view raw) { refuse_event(raw, out); });
  held_.clear();
}

void ToolGuard::refuse_event(std::string_view raw, std::string& out) {
  const std::string_view whole = base::with_whole_characters(raw, scratch_);
  if (!is_array_) return reader()->refuse_event(whole, refusal_, out);
  std::string element;
  reader()->refuse_event(whole, refusal_, element);
  if (element.empty()) return;
  out.append(std::exchange(any_left_, true) ? "," : "[").append(element);
}

// --- Watching --------------------------------------------------------------------------------------------

// Before the first call there is nothing to read.
void ToolGuard::watch_event(std::string_view raw, bool begins_call) {
  const bool is_wanted = begins_call || (mode_ == GuardMode::kWatch && reader_ != nullptr);
  if (is_wanted && reader() != nullptr) reader()->on_event(raw);
}

void ToolGuard::watch_body(std::string_view body, std::size_t slack) {
  if (reader() != nullptr) reader()->on_body(body, slack);
}

std::vector<call::ToolDecision> ToolGuard::conclude() {
  if (reader_ == nullptr || state_ == State::kHolding) return {};
  if (mode_ != GuardMode::kHold) return policy_.judge(reader_->calls());
  // Calls that came after the refusal had begun share its fate.
  if (state_ == State::kRefusing)
    for (const providers::ToolCall& call : reader_->calls().subspan(judged_))
      decisions_.push_back({.tool = call.name,
                            .decision = Decision::kBlocked,
                            .reason = reason_.empty() ? std::string(kTogether) : reason_});
  return std::move(decisions_);
}

}  // namespace archestra::proxy
