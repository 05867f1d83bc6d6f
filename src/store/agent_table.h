// The tables of agents and their labels. Implementation detail of store/.
#pragma once

#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "model/agent.h"
#include "store/sqlite/database.h"

namespace archestra::store {

base::Result<std::vector<model::AgentRef>> read_agents(sqlite::Database& database);
/// In a transaction of its own, as the next one.
base::Result<void> write_agent(sqlite::Database& database, const model::Agent& agent);
base::Result<void> delete_agent(sqlite::Database& database, const base::Uuid& id);

}  // namespace archestra::store
