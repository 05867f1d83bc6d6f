#include "policy/rule_index.h"

#include <algorithm>

#include "policy/tool_name.h"

namespace archestra::policy {
namespace {

void sort(std::vector<Rule>& rules) { std::ranges::sort(rules, comes_before); }

}  // namespace

bool comes_before(const Rule& a, const Rule& b) {
  return a.created != b.created ? a.created < b.created : a.id.bytes < b.id.bytes;
}

RestrictingRules& RuleIndex::restricting(std::string_view tool) { return restricting_[folded_name(tool)]; }

PermittingRules& RuleIndex::permitting(std::string_view tool) { return permitting_[std::string(tool)]; }

void RuleIndex::finish() {
  for (auto& [name, rules] : restricting_) {
    sort(rules.call_blocks);
    all_result_blocks_.insert(all_result_blocks_.end(), rules.result_blocks.begin(),
                              rules.result_blocks.end());
    for (const Rule& rule : rules.call_blocks) {
      has_call_blocks_ = true;
      has_blocks_by_context_ |= rule.needs_untrusted_context;
      if (!rule.is_enforced) continue;
      (rule.needs_untrusted_context ? blocks_calls_in_untrusted_context_ : blocks_calls_) = true;
    }
  }
  for (auto& [name, rules] : permitting_) sort(rules.call_allowances);
}

const RestrictingRules& RuleIndex::restricting_folded(std::string_view folded_tool) const {
  static const RestrictingRules none;
  const auto found = restricting_.find(folded_tool);
  return found == restricting_.end() ? none : found->second;
}

const PermittingRules& RuleIndex::permitting_exactly(std::string_view tool) const {
  static const PermittingRules none;
  const auto found = permitting_.find(tool);
  return found == permitting_.end() ? none : found->second;
}

}  // namespace archestra::policy
