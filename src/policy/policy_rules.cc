#include "policy/policy_rules.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "base/json_text.h"
#include "policy/policy_set.h"
#include "policy/tool_name.h"

namespace archestra::policy {
namespace {

// Code points; nothing where the text is not valid UTF-8.
std::optional<std::size_t> characters_of(std::string_view text) {
  std::size_t characters = 0;
  for (; !text.empty(); ++characters) {
    const std::size_t length = base::utf8_sequence_length(text);
    if (length == 0) return std::nullopt;
    text.remove_prefix(length);
  }
  return characters;
}

std::optional<std::string> bytes_fault(std::string_view what, std::string_view text, std::size_t max) {
  if (text.size() > max) return fmt::format("{} has {} bytes; it may have {}.", what, text.size(), max);
  if (!characters_of(text)) return fmt::format("{} is not valid UTF-8.", what);
  return std::nullopt;
}

std::optional<std::string> tool_fault(std::string_view tool) {
  if (auto fault = bytes_fault("The tool's name", tool, kToolNameBytesMax)) return fault;
  if (folded_name(tool).empty()) return "The tool's name has no character that could be seen.";
  return std::nullopt;
}

std::optional<std::string> conditions_fault(std::span<const model::Condition> conditions) {
  if (conditions.size() > kConditionsMax) {
    return fmt::format("There are {} conditions; a policy may have {}.", conditions.size(), kConditionsMax);
  }
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const model::Condition& condition = conditions[i];
    auto fault = bytes_fault("The key", condition.key, kConditionKeyBytesMax);
    if (!fault) fault = bytes_fault("The value", condition.value, kConditionValueBytesMax);
    if (!fault) fault = condition_fault(condition);
    if (fault) return fmt::format("Condition {}: {}", i + 1, *fault);
  }
  return std::nullopt;
}

std::optional<std::string> told_text_fault(std::string_view what, std::string_view text) {
  const auto characters = characters_of(text);
  if (!characters) return fmt::format("The {} is not valid UTF-8.", what);
  if (*characters <= kReasonCharactersMax) return std::nullopt;
  return fmt::format("The {} has {} characters; it may have {}.", what, *characters, kReasonCharactersMax);
}

template <class Policy>
std::optional<std::string> policy_fault(const Policy& policy, std::string_view what, std::string_view text) {
  if (auto fault = tool_fault(policy.tool)) return fault;
  if (auto fault = told_text_fault(what, text)) return fault;
  return conditions_fault(policy.conditions);
}

}  // namespace

std::optional<std::string> invocation_policy_fault(const model::ToolInvocationPolicy& policy) {
  return policy_fault(policy, "reason", policy.reason);
}

std::optional<std::string> trusted_data_policy_fault(const model::TrustedDataPolicy& policy) {
  return policy_fault(policy, "description", policy.description);
}

}  // namespace archestra::policy
