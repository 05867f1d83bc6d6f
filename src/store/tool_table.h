// The table of tools. Implementation detail of store/.
#pragma once

#include <optional>
#include <span>

#include "base/ids.h"
#include "base/result.h"
#include "model/tool.h"
#include "store/policy_rows.h"
#include "store/sqlite/database.h"

namespace archestra::store {

/// Appends the tools with settings of their own, and notes the first fault.
base::Result<void> read_tool_settings(sqlite::Database& database, PolicyRows& out);
base::Result<ToolPage> read_tools(sqlite::Database& database, const ToolQuery& query);
base::Result<std::optional<model::Tool>> read_tool(sqlite::Database& database, const base::Uuid& id);
/// In one transaction, if there is anything to write.
base::Result<LearnedTools> write_declared_tools(sqlite::Database& database,
                                                std::span<const model::Tool> tools, const ToolLimits& limits);

// Within a transaction of the caller's.

base::Result<void> write_tool_settings(sqlite::Database& database, const model::Tool& tool);
base::Result<void> delete_tool(sqlite::Database& database, const base::Uuid& id);

}  // namespace archestra::store
