// Which calls the traffic generator makes: a seeded mix of what applications do. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "traffic/requests.h"

namespace archestra::traffic {

enum class Kind : std::uint8_t { kChat, kStream, kTools, kToolStream, kError, kStalled, kBroken, kAborted };
inline constexpr std::size_t kKinds = 8;

/// As the table shows it.
std::string_view name_of(Kind kind);

struct CallPlan {
  Kind kind = Kind::kChat;
  Dialect dialect = Dialect::kOpenAi;
  std::string path;    ///< below what the gateway has for the provider, query included
  std::string body;    ///< JSON
  std::string fields;  ///< header lines with CRLF, credentials and x-sim-* among them
  bool stream = false;
  std::optional<std::uint32_t> abort_after;  ///< leave after so many events
};

/// A call in one of these dialects; there is at least one.
CallPlan next_plan(base::Random& random, std::span<const Dialect> dialects);

}  // namespace archestra::traffic
