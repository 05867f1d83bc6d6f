// What the policies of an agent have to do with one call: what it carries of earlier results, and what its
// answer may ask for. Keeps the set of policies that was in force when the call began.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "call/tool_decision.h"
#include "model/agent.h"
#include "policy/policy_set.h"
#include "providers/provider.h"
#include "providers/tool_calls.h"

namespace archestra::proxy {

class CallPolicy {
 public:
  /// Before anything else. `agent` outlives this.
  void begin(policy::PolicySetRef set, const model::Agent& agent);

  /// Whether somebody wants to know what tool results a request carries: then read_history() has to be
  /// called with them.
  bool wants_history() const;
  /// What became of a request's results.
  struct History {
    bool is_refused = false;  ///< it cannot be read, and might carry a result that is to be blocked
    std::vector<providers::BodyEdit> edits;  ///< what to put in the place of blocked results, in order
  };
  History read_history(const providers::ToolHistory& history);

  /// Whether tool calls of the answer could be blocked: they have to wait for a judgement then.
  bool could_block() const;
  /// Whether they could be whatever the context is: of what is not read nobody knows more.
  bool could_ever_block() const;
  /// Whether any policy looks at them at all.
  bool judges_calls() const;

  /// Judges the tool calls of an answer, all of which are there.
  std::vector<call::ToolDecision> judge(std::span<const providers::ToolCall> calls);

  /// What was judged so far.
  const call::PolicyFigures& figures() const { return figures_; }

 private:
  policy::PolicySetRef set_;
  const policy::AgentPolicies* policies_ = nullptr;  // of set_
  const model::AgentSettings* agent_ = nullptr;
  policy::Context context_ = policy::Context::kTrusted;
  call::PolicyFigures figures_;
};

}  // namespace archestra::proxy
