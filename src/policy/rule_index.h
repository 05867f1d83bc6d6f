// Rules, compiled and found by the name of their tool: those of all agents, or those of one. Implementation
// detail of policy/.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "model/tool.h"
#include "policy/condition.h"

namespace archestra::policy {

struct Rule {
  base::Uuid id;
  base::WallTime created;
  std::vector<CompiledCondition> conditions;
  std::string text = {};    ///< the reason of a block, the description of what replaces a result
  bool is_enforced = true;  ///< else it only observes
  bool needs_untrusted_context = false;
};

/// Whether `a` has its say before `b`: the oldest one first.
bool comes_before(const Rule& a, const Rule& b);

/// Those that apply to every name that is the same when folded.
struct RestrictingRules {
  std::vector<Rule> call_blocks = {};
  std::vector<Rule> result_blocks = {};
  std::vector<Rule> untrusted_results = {};
};

/// Those that apply to one name exactly.
struct PermittingRules {
  std::vector<Rule> call_allowances = {};
  std::vector<Rule> trusted_results = {};
  std::optional<model::ToolSettings> settings = {};
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class Value>
using ByName = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

class RuleIndex {
 public:
  RestrictingRules& restricting(std::string_view tool);
  PermittingRules& permitting(std::string_view tool);
  /// After the last of them was added: puts rules about calls in their order.
  void finish();

  /// None: no rules.
  const RestrictingRules& restricting_folded(std::string_view folded_tool) const;
  const PermittingRules& permitting_exactly(std::string_view tool) const;
  std::span<const Rule> all_result_blocks() const { return all_result_blocks_; }

  // Whether any rule of this kind is there.
  bool blocks_calls() const { return blocks_calls_; }
  bool blocks_calls_in_untrusted_context() const { return blocks_calls_in_untrusted_context_; }
  bool has_call_blocks() const { return has_call_blocks_; }              ///< also such that only observe
  bool has_blocks_by_context() const { return has_blocks_by_context_; }  ///< those too

 private:
  ByName<RestrictingRules> restricting_;
  ByName<PermittingRules> permitting_;
  std::vector<Rule> all_result_blocks_;
  bool blocks_calls_ = false;
  bool blocks_calls_in_untrusted_context_ = false;
  bool has_call_blocks_ = false;
  bool has_blocks_by_context_ = false;
};

}  // namespace archestra::policy
