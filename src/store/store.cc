#include "store/store.h"

#include "store/agent_table.h"
#include "store/migrations.h"
#include "store/policy_table.h"
#include "store/session_table.h"
#include "store/sql.h"
#include "store/tool_table.h"

namespace archestra::store {
namespace {

using base::ErrorCode;
using sqlite::Database;
using sqlite::Transaction;

constexpr std::string_view kAdminTokenHash = "admin_token_sha256";

base::Result<PolicyRows> read_policy_rows(Database& database) {
  PolicyRows rows;
  if (const auto read = read_policies(database, rows); !read) return base::fail(read.error());
  if (const auto read = read_tool_settings(database, rows); !read) return base::fail(read.error());
  return rows;
}

/// What a change is in SQL.
struct Write {
  Database& database;
  template <class Policy>
  base::Result<void> operator()(const Policy& policy) const
    requires requires { policy.conditions; }
  {
    return write_policy(database, policy);
  }
  template <class Removal>
  base::Result<void> operator()(const Removal& removal) const {
    return delete_policy(database, removal);
  }
  base::Result<void> operator()(const model::Tool& tool) const { return write_tool_settings(database, tool); }
  base::Result<void> operator()(const RemoveTool& removal) const { return delete_tool(database, removal.id); }
};

}  // namespace

base::Result<Store> Store::open(const std::string& path, base::Duration busy_timeout) {
  auto database = Database::open(path, busy_timeout);
  if (!database) return base::fail(database.error());
  Store store(std::move(*database));
  if (const auto migrated = store.migrate(); !migrated) return base::fail(migrated.error());
  return store;
}

// All in one transaction: a schema is the old one or the new one, whatever happens, and two processes that
// start at once do it once.
base::Result<void> Store::migrate() {
  const std::int64_t known = std::ssize(migrations());
  auto transaction = Transaction::begin(database_);
  if (!transaction) return base::fail(transaction.error());
  const auto made = database_.execute(
      "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY NOT NULL, applied_at BIGINT "
      "NOT NULL)");
  if (!made) return base::fail(made.error());
  const auto done = number_from(database_, "SELECT COALESCE(MAX(number), 0) FROM schema_migrations");
  if (!done) return base::fail(done.error());
  if (*done > known)
    return base::fail(ErrorCode::kInvalid, "the database belongs to a newer version of this program");
  for (std::int64_t number = *done + 1; number <= known; ++number) {
    const auto applied = database_.execute(migrations()[static_cast<std::size_t>(number - 1)]);
    if (!applied) return base::fail(applied.error());
    const auto noted = run(database_, "INSERT INTO schema_migrations (number, applied_at) VALUES (?, ?)",
                           number, microseconds(base::wall_now()));
    if (!noted) return base::fail(noted.error());
  }
  return transaction->commit();
}

template <class Act>
auto Store::watched(Operation operation, Act act) {
  const base::MonotonicTime began = base::monotonic_now();
  auto result = act();
  if (on_operation_)
    on_operation_(operation, base::monotonic_now() - began, result ? Success::kYes : Success::kNo);
  return result;
}

base::Result<std::vector<model::AgentRef>> Store::agents() {
  return watched(Operation::kRead, [&] { return read_agents(database_); });
}

base::Result<void> Store::put_agent(const model::Agent& agent) {
  return watched(Operation::kWrite, [&] { return write_agent(database_, agent); });
}

base::Result<void> Store::remove_agent(const base::Uuid& id) {
  return watched(Operation::kWrite, [&] { return delete_agent(database_, id); });
}

base::Result<PolicyRows> Store::policies() {
  return watched(Operation::kRead, [&] { return read_policy_rows(database_); });
}

base::Result<bool> Store::change_policies(const PolicyChange& change,
                                          const std::function<bool(PolicyRows)>& accept) {
  return watched(Operation::kWrite, [&]() -> base::Result<bool> {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return base::fail(transaction.error());
    if (const auto written = std::visit(Write{database_}, change); !written)
      return base::fail(written.error());
    auto rows = read_policy_rows(database_);
    if (!rows) return base::fail(rows.error());
    if (!accept(std::move(*rows))) return false;
    if (const auto committed = transaction->commit(); !committed) return base::fail(committed.error());
    return true;
  });
}

base::Result<ToolPage> Store::tools(const ToolQuery& query) {
  return watched(Operation::kRead, [&] { return read_tools(database_, query); });
}

base::Result<std::optional<model::Tool>> Store::tool(const base::Uuid& id) {
  return watched(Operation::kRead, [&] { return read_tool(database_, id); });
}

base::Result<LearnedTools> Store::learn_tools(std::span<const model::Tool> tools, const ToolLimits& limits) {
  return watched(Operation::kWrite, [&] { return write_declared_tools(database_, tools, limits); });
}

base::Result<std::string> Store::admin_token_hash() {
  return watched(Operation::kRead, [&] { return read_value(kAdminTokenHash); });
}

base::Result<std::string> Store::read_value(std::string_view name) {
  auto statement = database_.prepare("SELECT value FROM platform_values WHERE name = ?");
  if (!statement) return base::fail(statement.error());
  const auto row = statement->bind(name).step();
  if (!row) return base::fail(row.error());
  return *row ? std::string(statement->text(0)) : std::string();
}

base::Result<void> Store::set_admin_token_hash(std::string_view hash) {
  return watched(Operation::kWrite, [&]() -> base::Result<void> {
    auto transaction = Transaction::begin(database_);
    if (!transaction) return base::fail(transaction.error());
    const auto set = run(database_,
                         "INSERT INTO platform_values (name, value) VALUES (?, ?) "
                         "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                         kAdminTokenHash, hash);
    if (!set) return base::fail(set.error());
    if (const auto deleted = delete_sessions(database_); !deleted) return base::fail(deleted.error());
    return transaction->commit();
  });
}

base::Result<void> Store::add_session(const Session& session) {
  return watched(Operation::kWrite, [&] { return write_session(database_, session); });
}

base::Result<std::optional<base::WallTime>> Store::session_expiry(std::string_view hash) {
  return watched(Operation::kRead, [&] { return read_session(database_, hash); });
}

base::Result<void> Store::remove_session(std::string_view hash) {
  return watched(Operation::kWrite, [&] { return delete_session(database_, hash); });
}

base::Result<void> Store::remove_other_sessions(std::string_view admin_token_mark, base::WallTime now) {
  return watched(Operation::kWrite, [&] { return delete_other_sessions(database_, admin_token_mark, now); });
}

}  // namespace archestra::store
