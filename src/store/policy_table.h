// The tables of policies with their conditions. Implementation detail of store/.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "model/policy.h"
#include "store/policy_rows.h"
#include "store/sqlite/database.h"

namespace archestra::store {

/// Appends all policies of both kinds, and notes the first fault. A policy and its conditions are those of
/// one moment.
base::Result<void> read_policies(sqlite::Database& database, PolicyRows& out);

// Within a transaction of the caller's.

base::Result<void> write_policy(sqlite::Database& database, const model::ToolInvocationPolicy& policy);
base::Result<void> write_policy(sqlite::Database& database, const model::TrustedDataPolicy& policy);
base::Result<void> delete_policy(sqlite::Database& database, const RemoveInvocationPolicy& removal);
base::Result<void> delete_policy(sqlite::Database& database, const RemoveTrustedDataPolicy& removal);

}  // namespace archestra::store
