#include "proxy/call_policy.h"

#include <utility>

#include "base/assert.h"
#include "base/json_text.h"

namespace archestra::proxy {

using policy::Context;

namespace {

// All the time that its owner lives is added to a figure.
class Stopwatch {
 public:
  explicit Stopwatch(base::Duration& total) : total_(total) {}
  Stopwatch(const Stopwatch&) = delete;
  ~Stopwatch() { total_ += base::monotonic_now() - began_; }

 private:
  base::Duration& total_;
  const base::MonotonicTime began_ = base::monotonic_now();
};

std::string replacement(const providers::ResultPlace& place, std::string_view description) {
  std::string text(place.before);
  if (place.takes_text)
    base::append_json_string(text, std::string("[Content blocked by policy: ").append(description) + "]");
  return text.append(place.after);
}

}  // namespace

void CallPolicy::begin(policy::PolicySetRef set, const model::Agent& agent) {
  set_ = std::move(set);
  policies_ = &set_->of(agent.id);
  agent_ = &agent.settings;
  context_ = agent.settings.consider_context_untrusted ? Context::kUntrusted : Context::kTrusted;
}

bool CallPolicy::wants_history() const {
  return policies_->depends_on_context(*agent_) || policies_->could_block_results();
}

CallPolicy::History CallPolicy::read_history(const providers::ToolHistory& history) {
  const Stopwatch stopwatch(figures_.time);
  History read;
  if (!history.is_readable || !history.is_complete) context_ = Context::kUntrusted;
  if (!history.is_readable) {
    read.is_refused = policies_->could_block_results();
    return read;
  }
  for (const providers::ToolResult& result : history.results) {
    const policy::ResultDecision decision = policies_->judge_result(
        {.tools = result.tools, .contents = result.contents, .has_opaque = result.has_opaque});
    if (decision.blocked_by) {
      ++figures_.results_blocked;
      for (const providers::ResultPlace& place : result.places)
        read.edits.push_back({.offset = place.offset,
                              .removed = place.size,
                              .inserted = replacement(place, *decision.blocked_by)});
    } else if (decision.is_trusted) {
      ++figures_.results_trusted;
    } else {
      ++figures_.results_untrusted;
      context_ = Context::kUntrusted;
    }
  }
  return read;
}

bool CallPolicy::could_block() const { return policies_->could_block(*agent_, context_); }

bool CallPolicy::could_ever_block() const {
  return policies_->could_block(*agent_, Context::kTrusted) ||
         policies_->could_block(*agent_, Context::kUntrusted);
}

bool CallPolicy::judges_calls() const { return policies_->judges_calls(*agent_); }

std::vector<call::ToolDecision> CallPolicy::judge(std::span<const providers::ToolCall> calls) {
  std::vector<call::ToolDecision> decisions;
  decisions.reserve(calls.size());
  if (!judges_calls()) {
    for (const providers::ToolCall& call : calls) decisions.push_back({.tool = call.name});
    return decisions;
  }
  const Stopwatch stopwatch(figures_.time);
  for (const providers::ToolCall& call : calls)
    decisions.push_back(policies_->judge({.name = call.name,
                                          .arguments = call.arguments,
                                          .arguments_are_readable = call.arguments_are_readable},
                                         *agent_, context_));
  figures_.calls_judged += static_cast<std::uint32_t>(calls.size());
  return decisions;
}

}  // namespace archestra::proxy
