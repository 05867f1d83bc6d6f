#include "policy/policy_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "policy/condition.h"
#include "policy/json_document.h"
#include "policy/rule_index.h"
#include "policy/tool_name.h"

namespace archestra::policy {
namespace {

using call::Decision;
using call::ToolDecision;
using model::InvocationAction;
using model::TrustAction;

// Where whoever wrote a rule gave no reason.
constexpr std::string_view kBlockedReason = "A policy blocks this call.";
constexpr std::string_view kBlockedByContextReason =
    "The context is untrusted, and a policy blocks this call in an untrusted context.";
constexpr std::string_view kDeniedReason =
    "The context is untrusted, and in an untrusted context this agent may call only tools that are allowed "
    "there.";
constexpr std::string_view kBlockedResult = "this content may not reach the model";

// --- What holds

// The rules of all agents and an agent's own are two lists, each in its order.
using RuleLists = std::array<std::span<const Rule>, 2>;

// The oldest one that holds; null where none does. Those behind it are not looked at.
template <class Holds>
const Rule* first_of(RuleLists lists, Holds holds) {
  auto& [a, b] = lists;
  while (!a.empty() || !b.empty()) {
    auto& list = b.empty() || (!a.empty() && comes_before(a.front(), b.front())) ? a : b;
    if (holds(list.front())) return &list.front();
    list = list.subspan(1);
  }
  return nullptr;
}

using Indexes = std::array<std::shared_ptr<const RuleIndex>, 2>;

RuleLists restricting(const Indexes& indexes, std::string_view tool,
                      std::vector<Rule> RestrictingRules::* kind) {
  const std::string folded = folded_name(tool);
  return {indexes[0]->restricting_folded(folded).*kind, indexes[1]->restricting_folded(folded).*kind};
}

RuleLists permitting(const Indexes& indexes, std::string_view tool,
                     std::vector<Rule> PermittingRules::* kind) {
  return {indexes[0]->permitting_exactly(tool).*kind, indexes[1]->permitting_exactly(tool).*kind};
}

// Settings are rows of one agent.
model::ToolSettings settings_of(const Indexes& indexes, std::string_view tool) {
  return indexes[1]->permitting_exactly(tool).settings.value_or(model::ToolSettings());
}

// What one rule says of a result as one of one tool. It is asked of each content in turn, so that no more
// than one of them is parsed at a time.
struct Question {
  enum class Mark : std::uint8_t { kBlocked, kUntrusted, kTrusted };
  const Rule* rule;
  Mark mark;
  std::size_t tool;  // its place among the names
  bool holds;        // as far as contents were looked at
};

void ask(std::vector<Question>& questions, const RuleLists& lists, Question::Mark mark, std::size_t tool,
         const ResultToJudge& result) {
  const bool could_hold_for_all = !result.has_opaque && !result.contents.empty();
  for (const std::span<const Rule> list : lists) {
    for (const Rule& rule : list) {
      const bool holds = rule.conditions.empty() || (mark == Question::Mark::kTrusted && could_hold_for_all);
      questions.push_back({.rule = &rule, .mark = mark, .tool = tool, .holds = holds});
    }
  }
}

void answer(std::vector<Question>& questions, std::string_view content) {
  JsonDocument document(JsonDocument::Kind::kContent, content);
  for (Question& question : questions) {
    // One content decides about a rule that restricts by holding, about one that permits by not holding.
    const Use use = question.mark == Question::Mark::kTrusted ? Use::kPermits : Use::kRestricts;
    if (question.holds == (use == Use::kPermits))
      question.holds = all_hold(question.rule->conditions, document, use);
  }
}

std::vector<Question> questions_about(const Indexes& indexes, const ResultToJudge& result) {
  using Mark = Question::Mark;
  std::vector<Question> questions;
  for (std::size_t i = 0; i < result.tools.size(); ++i) {
    const std::string& tool = result.tools[i];
    ask(questions, restricting(indexes, tool, &RestrictingRules::result_blocks), Mark::kBlocked, i, result);
    ask(questions, restricting(indexes, tool, &RestrictingRules::untrusted_results), Mark::kUntrusted, i,
        result);
    ask(questions, permitting(indexes, tool, &PermittingRules::trusted_results), Mark::kTrusted, i, result);
  }
  // One that hides its tool must not pass where a named one could not.
  if (result.tools.empty()) {
    ask(questions, {indexes[0]->all_result_blocks(), indexes[1]->all_result_blocks()}, Mark::kBlocked, 0,
        result);
  }
  return questions;
}

// --- Compiling

using Compiled = std::expected<Rule, CompileFault>;

Compiled compile_rule(const base::Uuid& id, base::WallTime created,
                      std::span<const model::Condition> conditions) {
  Rule rule{.id = id, .created = created, .conditions = {}};
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    auto compiled = CompiledCondition::compile(conditions[i]);
    if (!compiled) {
      return std::unexpected(
          CompileFault{.policy = id, .message = fmt::format("Condition {}: {}", i + 1, compiled.error())});
    }
    rule.conditions.push_back(std::move(*compiled));
  }
  return rule;
}

void add(RuleIndex& index, const model::ToolInvocationPolicy& policy, Rule rule) {
  rule.is_enforced = policy.mode == model::PolicyMode::kEnforce;
  if (policy.action == InvocationAction::kAllowWhenContextIsUntrusted) {
    // One that only observes allows nothing, and to have allowed a call is nothing to tell.
    if (rule.is_enforced) index.permitting(policy.tool).call_allowances.push_back(std::move(rule));
    return;
  }
  rule.needs_untrusted_context = policy.action == InvocationAction::kBlockWhenContextIsUntrusted;
  rule.text = policy.reason;
  if (rule.text.empty()) rule.text = rule.needs_untrusted_context ? kBlockedByContextReason : kBlockedReason;
  index.restricting(policy.tool).call_blocks.push_back(std::move(rule));
}

void add(RuleIndex& index, const model::TrustedDataPolicy& policy, Rule rule) {
  rule.text = policy.description.empty() ? std::string(kBlockedResult) : policy.description;
  switch (policy.action) {
    case TrustAction::kMarkAsTrusted:
      index.permitting(policy.tool).trusted_results.push_back(std::move(rule));
      break;
    case TrustAction::kMarkAsUntrusted:
      index.restricting(policy.tool).untrusted_results.push_back(std::move(rule));
      break;
    case TrustAction::kBlockAlways:
      index.restricting(policy.tool).result_blocks.push_back(std::move(rule));
      break;
  }
}

class Compiler {
 public:
  template <class Policy>
  std::optional<CompileFault> add_all(const std::vector<Policy>& policies) {
    for (const Policy& policy : policies) {
      auto rule = compile_rule(policy.id, policy.created, policy.conditions);
      if (!rule) return std::move(rule.error());
      add(policy.agent_id ? index_of(*policy.agent_id) : *of_all_agents_, policy, std::move(*rule));
    }
    return std::nullopt;
  }

  void add_all(const std::vector<model::Tool>& tools) {
    for (const model::Tool& tool : tools) {
      if (tool.settings == model::ToolSettings()) continue;
      index_of(tool.agent_id).permitting(tool.declared.name).settings = tool.settings;
    }
  }

  PolicySetRef finish() {
    of_all_agents_->finish();
    PolicySet::ByAgent by_agent;
    for (const auto& [agent, index] : own_) {
      index->finish();
      by_agent.emplace(agent, AgentPolicies(of_all_agents_, index));
    }
    return std::make_shared<const PolicySet>(
        AgentPolicies(of_all_agents_, std::make_shared<const RuleIndex>()), std::move(by_agent));
  }

 private:
  RuleIndex& index_of(const base::Uuid& agent) {
    auto& index = own_[agent];
    if (!index) index = std::make_shared<RuleIndex>();
    return *index;
  }

  std::shared_ptr<RuleIndex> of_all_agents_ = std::make_shared<RuleIndex>();
  std::unordered_map<base::Uuid, std::shared_ptr<RuleIndex>, PolicySet::IdHash> own_;
};

}  // namespace

// --- AgentPolicies

bool AgentPolicies::could_block(const model::AgentSettings& agent, Context context) const {
  const bool is_untrusted = context == Context::kUntrusted;
  return (is_untrusted && agent.deny_tools_in_untrusted_context) ||
         std::ranges::any_of(indexes_, [&](const auto& index) {
           return index->blocks_calls() || (is_untrusted && index->blocks_calls_in_untrusted_context());
         });
}

bool AgentPolicies::judges_calls(const model::AgentSettings& agent) const {
  return agent.deny_tools_in_untrusted_context ||
         std::ranges::any_of(indexes_, [](const auto& index) { return index->has_call_blocks(); });
}

bool AgentPolicies::depends_on_context(const model::AgentSettings& agent) const {
  return agent.deny_tools_in_untrusted_context ||
         std::ranges::any_of(indexes_, [](const auto& index) { return index->has_blocks_by_context(); });
}

bool AgentPolicies::could_block_results() const {
  return std::ranges::any_of(indexes_, [](const auto& index) { return !index->all_result_blocks().empty(); });
}

ToolDecision AgentPolicies::judge(const CallToJudge& call, const model::AgentSettings& agent,
                                  Context context) const {
  const bool is_untrusted = context == Context::kUntrusted;
  JsonDocument arguments(JsonDocument::Kind::kArguments, call.arguments, call.arguments_are_readable);
  const RuleLists blocks = restricting(indexes_, call.name, &RestrictingRules::call_blocks);
  const auto first_block = [&](bool is_enforced) {
    return first_of(blocks, [&](const Rule& rule) {
      return rule.is_enforced == is_enforced && (is_untrusted || !rule.needs_untrusted_context) &&
             all_hold(rule.conditions, arguments, Use::kRestricts);
    });
  };

  ToolDecision decision{.tool = std::string(call.name)};
  if (const Rule* block = first_block(true)) {
    decision.decision = Decision::kBlocked;
    decision.policy_id = block->id;
    decision.reason = block->text;
    return decision;
  }
  if (is_untrusted && agent.deny_tools_in_untrusted_context) {
    const auto allows = [&](const Rule& rule) { return all_hold(rule.conditions, arguments, Use::kPermits); };
    if (const Rule* rule =
            first_of(permitting(indexes_, call.name, &PermittingRules::call_allowances), allows)) {
      decision.policy_id = rule->id;
    } else if (!settings_of(indexes_, call.name).usable_with_untrusted_data) {
      decision.decision = Decision::kBlocked;
      decision.reason = kDeniedReason;
      return decision;
    }
  }
  if (const Rule* block = first_block(false)) {
    decision.decision = Decision::kWouldBlock;
    decision.policy_id = block->id;
    decision.reason = block->text;
  }
  return decision;
}

ResultDecision AgentPolicies::judge_result(const ResultToJudge& result) const {
  using Mark = Question::Mark;
  std::vector<Question> questions = questions_about(indexes_, result);
  for (const std::string& content : result.contents) answer(questions, content);
  std::erase_if(questions, [](const Question& question) { return !question.holds; });

  const Rule* block = nullptr;
  for (const Question& question : questions) {
    if (question.mark == Mark::kBlocked && (!block || comes_before(*question.rule, *block)))
      block = question.rule;
  }
  if (block) return {.is_trusted = true, .blocked_by = block->text};

  const auto is_marked = [&](std::size_t tool, Mark mark) {
    return std::ranges::any_of(
        questions, [&](const Question& question) { return question.tool == tool && question.mark == mark; });
  };
  ResultDecision decision{.is_trusted = !result.tools.empty()};
  for (std::size_t i = 0; i < result.tools.size(); ++i) {
    const auto treatment = settings_of(indexes_, result.tools[i]).result_treatment;
    decision.is_trusted &= !is_marked(i, Mark::kUntrusted) &&
                           (is_marked(i, Mark::kTrusted) || treatment == model::ResultTreatment::kTrusted);
  }
  return decision;
}

// --- PolicySet

// Ids may be chosen by whoever restores a store, so their bytes are mixed (the finalizer of MurmurHash3).
std::size_t PolicySet::IdHash::operator()(const base::Uuid& id) const {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes.data(), 8);
  std::memcpy(&low, id.bytes.data() + 8, 8);
  std::uint64_t h = high ^ std::rotl(low, 32);
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
  return h ^ (h >> 33);
}

const AgentPolicies& PolicySet::of(const base::Uuid& agent) const {
  const auto found = by_agent_.find(agent);
  return found == by_agent_.end() ? of_others_ : found->second;
}

std::expected<PolicySetRef, CompileFault> compile(const PolicyRows& rows) {
  Compiler compiler;
  if (auto fault = compiler.add_all(rows.invocation)) return std::unexpected(std::move(*fault));
  if (auto fault = compiler.add_all(rows.trusted_data)) return std::unexpected(std::move(*fault));
  compiler.add_all(rows.tools);
  return compiler.finish();
}

PolicySetRef no_policies() {
  static const PolicySetRef none = Compiler().finish();
  return none;
}

}  // namespace archestra::policy
