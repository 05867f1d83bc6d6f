// A tool that an agent has declared in a request, and what its results and its use count as where no policy
// says otherwise. An immutable value.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"

namespace archestra::model {

/// As a request declares it.
struct DeclaredTool {
  std::string name;
  std::string description;  ///< "" for none
  std::string parameters;   ///< its JSON schema, as text; "" for none
  bool operator==(const DeclaredTool&) const = default;
};

/// What a result is that no trusted data policy marks.
enum class ResultTreatment : std::uint8_t { kTrusted, kUntrusted };
inline constexpr std::array<std::string_view, 2> kResultTreatmentNames{"trusted", "untrusted"};

struct ToolSettings {
  ResultTreatment result_treatment = ResultTreatment::kUntrusted;
  /// Whether it may be called in an untrusted context although its agent denies that.
  bool usable_with_untrusted_data = false;
  bool operator==(const ToolSettings&) const = default;
};

/// One of an agent's, known by its name.
struct Tool {
  base::Uuid id;
  base::Uuid agent_id;
  DeclaredTool declared;
  ToolSettings settings = {};
  base::WallTime created = {};  ///< this and the next to the microsecond, which is what a store keeps
  base::WallTime updated = {};
  bool operator==(const Tool&) const = default;
};

}  // namespace archestra::model
