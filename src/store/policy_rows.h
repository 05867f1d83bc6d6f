// What decides about tools as the store has it, and how it is changed. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "model/policy.h"
#include "model/tool.h"

namespace archestra::store {

/// A row that means nothing: another program has put it there.
struct RowFault {
  std::string_view kind;  ///< "tool invocation policy"
  std::string id;         ///< as the database has it, which need not be one
  std::string message;    ///< a sentence
};

struct PolicyRows {
  std::vector<model::ToolInvocationPolicy> invocation;
  std::vector<model::TrustedDataPolicy> trusted_data;
  std::vector<model::Tool>
      tools;                      ///< those with other settings than the default ones, name and settings only
  std::optional<RowFault> fault;  ///< of the first such row, which is not among the others
};

struct RemoveInvocationPolicy {
  base::Uuid id;
};
struct RemoveTrustedDataPolicy {
  base::Uuid id;
};
struct RemoveTool {
  base::Uuid id;
};

/// A policy is added or put in the place of the one with its id; of a tool, which is there, settings and
/// `updated` change.
using PolicyChange = std::variant<model::ToolInvocationPolicy, model::TrustedDataPolicy, model::Tool,
                                  RemoveInvocationPolicy, RemoveTrustedDataPolicy, RemoveTool>;

/// A page of tools.
struct ToolQuery {
  enum class By : std::uint8_t { kName, kCreated, kUpdated };
  std::optional<base::Uuid> agent_id = {};  ///< none: of all agents
  std::string search = {};                  ///< part of the name; the case of ASCII letters does not matter
  By by = By::kName;
  bool descends = false;
  std::uint64_t limit = 0;
  std::uint64_t offset = 0;
};
struct ToolPage {
  std::vector<model::Tool> tools;  ///< without their parameters, which may be large
  std::uint64_t total = 0;         ///< in all pages
};

/// How many tools there may be.
struct ToolLimits {
  std::int64_t of_agent;
  std::int64_t of_all;
};
struct LearnedTools {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::vector<base::Uuid> full;  ///< agents of tools that were left out for a limit; each once
};

}  // namespace archestra::store
