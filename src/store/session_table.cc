#include "store/session_table.h"

#include "store/sql.h"

namespace archestra::store {

using base::ErrorCode;
using sqlite::Database;
using sqlite::Transaction;

namespace {

base::Result<void> delete_expired(Database& database, base::WallTime now) {
  return run(database, "DELETE FROM sessions WHERE expires_at <= ?", microseconds(now));
}

}  // namespace

base::Result<void> write_session(Database& database, const Session& session) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return base::fail(transaction.error());
  if (const auto deleted = delete_expired(database, session.created); !deleted)
    return base::fail(deleted.error());
  // Room for one more. Of two that began at the same time either may be the oldest.
  const auto made_room = run(database,
                             "DELETE FROM sessions WHERE hash NOT IN "
                             "(SELECT hash FROM sessions ORDER BY created_at DESC, hash LIMIT ?)",
                             static_cast<std::int64_t>(kSessionsMax) - 1);
  if (!made_room) return base::fail(made_room.error());
  const auto written = run(
      database, "INSERT INTO sessions (hash, admin_token_mark, created_at, expires_at) VALUES (?, ?, ?, ?)",
      session.hash, session.admin_token_mark, microseconds(session.created), microseconds(session.expires));
  if (!written) return base::fail(written.error());
  return transaction->commit();
}

base::Result<std::optional<base::WallTime>> read_session(Database& database, std::string_view hash) {
  auto statement = database.prepare("SELECT expires_at FROM sessions WHERE hash = ?");
  if (!statement) return base::fail(statement.error());
  const auto row = statement->bind(hash).step();
  if (!row) return base::fail(row.error());
  if (!*row) return std::nullopt;
  const auto expires = wall_time(statement->number(0));
  if (!expires) return base::fail(ErrorCode::kInvalid, "the database has a session that makes no sense");
  return expires;
}

base::Result<void> delete_session(Database& database, std::string_view hash) {
  return run(database, "DELETE FROM sessions WHERE hash = ?", hash);
}

base::Result<void> delete_other_sessions(Database& database, std::string_view admin_token_mark,
                                         base::WallTime now) {
  return run(database, "DELETE FROM sessions WHERE admin_token_mark <> ? OR expires_at <= ?",
             admin_token_mark, microseconds(now));
}

base::Result<void> delete_sessions(Database& database) { return run(database, "DELETE FROM sessions"); }

}  // namespace archestra::store
