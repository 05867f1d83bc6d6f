// All policies at one time, compiled: which tool calls a response may carry, and which tool results a request
// may. An immutable snapshot that every thread may read; a change makes another one. Values in, decisions
// out: nothing here does I/O.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "call/tool_decision.h"
#include "model/agent.h"
#include "model/policy.h"
#include "model/tool.h"

namespace archestra::policy {

/// Whether everything that the model was told can be trusted.
enum class Context : bool { kTrusted, kUntrusted };

/// A tool call that is to be judged. Views, for the time of the call.
struct CallToJudge {
  std::string_view name;
  std::string_view arguments;          ///< JSON text as the model wrote it; "" for none
  bool arguments_are_readable = true;  ///< false: they could not be put together, or not all of them is here
};

/// A tool result that a request carries.
struct ResultToJudge {
  /// Names of the tools that it may be of: none where that cannot be told, several where its call is named
  /// twice. It is trusted only if it were as a result of each of them, and blocked if it were as one of any.
  std::span<const std::string> tools;
  std::span<const std::string> contents;  ///< texts, which may be JSON; each is a result of its own
  bool has_opaque = false;                ///< there is content besides that is no text, such as an image
};

struct ResultDecision {
  bool is_trusted = false;  ///< so is one that is blocked: what stands in its place is the gateway's own
  /// Set where the result must not reach the model: what the policy says of itself.
  std::optional<std::string> blocked_by = {};
};

class RuleIndex;

/// What holds for one agent. Those policies that hold for all agents are part of it.
class AgentPolicies {
 public:
  /// For compile() alone, as it is what makes indexes.
  AgentPolicies(std::shared_ptr<const RuleIndex> of_all_agents, std::shared_ptr<const RuleIndex> own)
      : indexes_{std::move(of_all_agents), std::move(own)} {}

  /// Whether there is a call that judge() would block in this context. Nothing has to wait where there is
  /// none.
  bool could_block(const model::AgentSettings& agent, Context context) const;
  /// Whether any policy, those that only observe too, has a say in calls: else judge() allows all of them.
  bool judges_calls(const model::AgentSettings& agent) const;
  /// Whether judge() or could_block() depend on the context, so that somebody has to find out. That an agent
  /// may be set to have an untrusted one always is not looked at.
  bool depends_on_context(const model::AgentSettings& agent) const;
  bool could_block_results() const;

  call::ToolDecision judge(const CallToJudge& call, const model::AgentSettings& agent, Context context) const;
  ResultDecision judge_result(const ResultToJudge& result) const;

 private:
  std::array<std::shared_ptr<const RuleIndex>, 2> indexes_;
};

/// What a set is made of.
struct PolicyRows {
  std::vector<model::ToolInvocationPolicy> invocation;
  std::vector<model::TrustedDataPolicy> trusted_data;
  std::vector<model::Tool> tools;  ///< those with other settings than the default ones suffice
};

/// Why rows make no set.
struct CompileFault {
  base::Uuid policy;    ///< the one at fault
  std::string message;  ///< a sentence for a person
};

/// Why `condition` cannot be compiled, as a sentence for the person who wrote it; nothing where it can.
std::optional<std::string> condition_fault(const model::Condition& condition);

class PolicySet {
 public:
  struct IdHash {
    std::size_t operator()(const base::Uuid& id) const;
  };
  using ByAgent = std::unordered_map<base::Uuid, AgentPolicies, IdHash>;

  /// For compile() alone.
  PolicySet(AgentPolicies of_others, ByAgent by_agent)
      : of_others_(std::move(of_others)), by_agent_(std::move(by_agent)) {}

  /// What holds for this agent. One hash look-up. Lives as long as the set.
  const AgentPolicies& of(const base::Uuid& agent) const;

 private:
  AgentPolicies of_others_;  // of the agents that have no rows of their own
  ByAgent by_agent_;
};
using PolicySetRef = std::shared_ptr<const PolicySet>;

/// Expensive: compiles every pattern.
std::expected<PolicySetRef, CompileFault> compile(const PolicyRows& rows);
/// One that allows everything.
PolicySetRef no_policies();

}  // namespace archestra::policy
