// What policies may be: their limits, and whether their conditions can be compiled. Pure functions. A refusal
// is a sentence for the person who wrote the policy.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "model/policy.h"

namespace archestra::policy {

inline constexpr std::size_t kToolNameBytesMax = 256;
inline constexpr std::size_t kConditionsMax = 32;  ///< of one policy
inline constexpr std::size_t kConditionKeyBytesMax = 512;
inline constexpr std::size_t kConditionValueBytesMax = std::size_t{8} << 10;
inline constexpr std::size_t kReasonCharactersMax = 1000;  ///< code points, of a description too

/// Why this cannot be a policy; nothing where it can.
std::optional<std::string> invocation_policy_fault(const model::ToolInvocationPolicy& policy);
std::optional<std::string> trusted_data_policy_fault(const model::TrustedDataPolicy& policy);

}  // namespace archestra::policy
