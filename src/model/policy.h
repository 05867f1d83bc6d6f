// What agents may do with tools: the rows of tool invocation policies and trusted data policies, as operators
// write them. Immutable values; policy/ compiles them into what decides.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace archestra::model {

enum class Operator : std::uint8_t {
  kEqual,
  kNotEqual,
  kContains,
  kNotContains,
  kStartsWith,
  kEndsWith,
  kRegex,
};

/// The name of each operator in the API and in the store, in the order of Operator.
inline constexpr std::array<std::string_view, 7> kOperatorNames{
    "equal", "notEqual", "contains", "notContains", "startsWith", "endsWith", "regex"};

/// What a value within arguments, or within a result, has to be.
struct Condition {
  std::string key;  ///< a dotted path: "to[0].address", "emails[*].from"; "" is the whole
  Operator op = Operator::kEqual;
  std::string value;
  bool operator==(const Condition&) const = default;
};

enum class InvocationAction : std::uint8_t {
  kBlockAlways,
  kBlockWhenContextIsUntrusted,
  kAllowWhenContextIsUntrusted,
};
inline constexpr std::array<std::string_view, 3> kInvocationActionNames{
    "block_always", "block_when_context_is_untrusted", "allow_when_context_is_untrusted"};

/// Whether a policy decides, or only shows what it would have decided.
enum class PolicyMode : std::uint8_t { kEnforce, kObserve };
inline constexpr std::array<std::string_view, 2> kPolicyModeNames{"enforce", "observe"};

struct ToolInvocationPolicy {
  base::Uuid id;
  std::optional<base::Uuid> agent_id;  ///< none: of all agents
  std::string tool;                    ///< the name that the model calls it by
  std::vector<Condition> conditions;   ///< all have to hold; none: always
  InvocationAction action = InvocationAction::kBlockAlways;
  std::string reason;  ///< told to the model and to the user
  PolicyMode mode = PolicyMode::kEnforce;
  base::WallTime created = {};  ///< this and the next to the microsecond, which is what a store keeps
  base::WallTime updated = {};
  bool operator==(const ToolInvocationPolicy&) const = default;
};

enum class TrustAction : std::uint8_t { kMarkAsTrusted, kMarkAsUntrusted, kBlockAlways };
inline constexpr std::array<std::string_view, 3> kTrustActionNames{"mark_as_trusted", "mark_as_untrusted",
                                                                   "block_always"};

struct TrustedDataPolicy {
  base::Uuid id;
  std::optional<base::Uuid> agent_id;  ///< none: of all agents
  std::string tool;
  std::vector<Condition> conditions;
  TrustAction action = TrustAction::kMarkAsTrusted;
  std::string description;  ///< stands in the place of a result that is blocked
  base::WallTime created = {};
  base::WallTime updated = {};
  bool operator==(const TrustedDataPolicy&) const = default;
};

}  // namespace archestra::model
