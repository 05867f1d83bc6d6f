// What was decided about the tool calls of a response. Values that own their texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"

namespace archestra::call {

enum class Decision : std::uint8_t {
  kAllowed,
  kBlocked,
  kWouldBlock,  ///< allowed; a policy that only observes would have blocked it
};

/// As metrics, spans and logs call it.
constexpr std::string_view name_of(Decision decision) {
  switch (decision) {
    case Decision::kAllowed:
      return "allowed";
    case Decision::kBlocked:
      return "blocked";
    case Decision::kWouldBlock:
      return "would_block";
  }
  return "";
}

inline constexpr std::size_t kDecisionCount = 3;

struct ToolDecision {
  std::string tool;  ///< the name that the model used
  Decision decision = Decision::kAllowed;
  std::optional<base::Uuid> policy_id = {};  ///< the policy that decided; none: no policy had a say
  std::string reason = {};                   ///< why it was blocked, or would have been; "" else
  bool operator==(const ToolDecision&) const = default;
};

/// What policies were asked about one call.
struct PolicyFigures {
  std::uint32_t results_trusted = 0;  ///< of tool results that the request carried
  std::uint32_t results_untrusted = 0;
  std::uint32_t results_blocked = 0;
  std::uint32_t calls_judged = 0;  ///< of tool calls in the answer, where any policy looks at calls
  base::Duration time{};           ///< of all judging together
  bool operator==(const PolicyFigures&) const = default;
};

}  // namespace archestra::call
