// Tools as JSON, and what of a declaration is worth keeping. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/answers.h"
#include "model/tool.h"

namespace archestra::api {

inline constexpr std::size_t kToolsOfAgentMax = 1000;
inline constexpr std::size_t kToolDescriptionBytesMax = std::size_t{16} << 10;
inline constexpr std::size_t kToolParametersBytesMax = std::size_t{64} << 10;
/// What one request declares is kept so far.
inline constexpr std::size_t kDeclaredBytesMax = std::size_t{2} << 20;

/// The settings that a body gives; what it leaves out stays as it is.
struct ToolFields {
  std::optional<model::ResultTreatment> result_treatment;
  std::optional<bool> usable_with_untrusted_data;

  void apply_to(model::ToolSettings& settings) const;
};
std::variant<ToolFields, BodyFault> read_tool(std::string_view body);

enum class ToolDetail : bool {
  kShort,  ///< without the parameters
  kWhole,
};
void append_tool(std::string& out, const model::Tool& tool, ToolDetail detail);

/// Cuts declarations to the limits above, without looking into them: descriptions are cut, parameters that
/// are too long are left out, and so are tools without a usable name and those beyond the limits. Returns the
/// bytes that remain.
std::size_t cut_declared(std::vector<model::DeclaredTool>& tools);
/// Leaves out what cannot be shown: a tool whose name is no UTF-8, texts that are none, parameters that are
/// no JSON. Parameters become JSON without white space.
void clean_declared(std::vector<model::DeclaredTool>& tools);

}  // namespace archestra::api
