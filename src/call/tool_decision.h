// What was decided about one tool call of a response. A value that owns its texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

struct ToolDecision {
  std::string tool;  ///< the name that the model used
  Decision decision = Decision::kAllowed;
  std::optional<base::Uuid> policy_id = {};  ///< the policy that decided; none: no policy had a say
  std::string reason = {};                   ///< why it was blocked, or would have been; "" else
  bool operator==(const ToolDecision&) const = default;
};

}  // namespace archestra::call
