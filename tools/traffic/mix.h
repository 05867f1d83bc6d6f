// Which calls the traffic generator makes: a seeded mix of what applications do. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace archestra::traffic {

enum class Kind : std::uint8_t { kChat, kStream, kTools, kToolStream, kError, kAborted };
inline constexpr std::size_t kKinds = 6;

/// As the table shows it.
std::string_view name_of(Kind kind);

struct CallPlan {
  Kind kind = Kind::kChat;
  std::string body;    ///< JSON for chat/completions
  std::string fields;  ///< header lines with CRLF, x-sim-* among them
  bool stream = false;
  std::optional<std::uint32_t> abort_after;  ///< leave after so many events
};

CallPlan next_plan(base::Random& random);

}  // namespace archestra::traffic
