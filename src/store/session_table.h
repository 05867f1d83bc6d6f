// Sessions of those who signed in, in SQL. Implementation detail of store/.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/session.h"
#include "store/sqlite/database.h"

namespace archestra::store {

base::Result<void> write_session(sqlite::Database& database, const Session& session);
base::Result<std::optional<base::WallTime>> read_session(sqlite::Database& database, std::string_view hash);
base::Result<void> delete_session(sqlite::Database& database, std::string_view hash);
base::Result<void> delete_other_sessions(sqlite::Database& database, std::string_view admin_token_mark,
                                         base::WallTime now);
base::Result<void> delete_sessions(sqlite::Database& database);

}  // namespace archestra::store
