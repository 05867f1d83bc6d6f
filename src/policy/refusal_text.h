// What the model and its user are told where tool calls were refused.
#pragma once

#include <span>
#include <string>

#include "call/tool_decision.h"
#include "policy/policy_set.h"

namespace archestra::policy {

/// Names each call of a refused answer, its arguments, cut where they are long, and why it was not made.
/// Decisions and calls go together by their place. Valid UTF-8 whatever the calls contain.
std::string refusal_text(std::span<const CallToJudge> calls, std::span<const call::ToolDecision> decisions);

}  // namespace archestra::policy
