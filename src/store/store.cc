#include "store/store.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "store/migrations.h"

namespace archestra::store {
namespace {

using base::ErrorCode;
using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

constexpr std::string_view kAdminTokenHash = "admin_token_sha256";
constexpr std::string_view kCancel = "cancel";
constexpr std::string_view kDrain = "drain";

std::int64_t microseconds(base::WallTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
}

base::WallTime wall_time(std::int64_t microseconds_since_1970) {
  return base::WallTime(std::chrono::microseconds(microseconds_since_1970));
}

// A statement that is prepared, bound and run once.
template <class... Values>
base::Result<void> run(Database& database, std::string_view sql, const Values&... values) {
  auto statement = database.prepare(sql);
  if (!statement) return base::fail(statement.error());
  (statement->bind(values), ...);
  return statement->run();
}

// The first column of the only row; -1 where there is none.
base::Result<std::int64_t> number_from(Database& database, std::string_view sql) {
  auto statement = database.prepare(sql);
  if (!statement) return base::fail(statement.error());
  const auto row = statement->step();
  if (!row) return base::fail(row.error());
  return *row ? statement->number(0) : -1;
}

// Ids are found again by their text, and there is one text for each.
std::optional<base::Uuid> id_from(std::string_view text) {
  const auto id = base::Uuid::parse(text);
  return id && id->text() == text ? id : std::nullopt;
}

bool is_wall_time(std::int64_t microseconds_since_1970) {
  return microseconds_since_1970 >= microseconds(base::WallTime()) &&
         microseconds_since_1970 <= microseconds(base::WallTime::max());
}

base::Result<model::Agent> agent_from(const Statement& row) {
  const auto id = id_from(row.text(0));
  const std::string_view action = row.text(6);
  if (!id || (action != kCancel && action != kDrain) || !is_wall_time(row.number(8)) ||
      !is_wall_time(row.number(9)))
    return base::fail(ErrorCode::kInvalid, "the database has an agent that makes no sense");
  model::Agent agent{.id = *id, .id_text = id->text(), .name = std::string(row.text(1)), .labels = {}};
  agent.is_default = row.number(2) != 0;
  agent.settings.consider_context_untrusted = row.number(3) != 0;
  agent.settings.deny_tools_in_untrusted_context = row.number(4) != 0;
  agent.settings.capture_content = row.number(5) != 0;
  if (action == kDrain)
    agent.settings.on_client_disconnect = {.action = model::OnClientDisconnect::Action::kDrain,
                                           .drain = std::chrono::seconds(row.number(7))};
  agent.created = wall_time(row.number(8));
  agent.updated = wall_time(row.number(9));
  return agent;
}

struct HashUuid {
  std::size_t operator()(const base::Uuid& id) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
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
  return watched(Operation::kRead, [&] { return read_agents(); });
}

base::Result<std::vector<model::AgentRef>> Store::read_agents() {
  auto rows = database_.prepare(
      "SELECT id, name, is_default, consider_context_untrusted, deny_tools_in_untrusted_context, "
      "capture_content, "
      "on_client_disconnect, drain_seconds, created_at, updated_at FROM agents");
  if (!rows) return base::fail(rows.error());
  std::vector<model::Agent> agents;
  while (true) {
    const auto row = rows->step();
    if (!row) return base::fail(row.error());
    if (!*row) break;
    auto agent = agent_from(*rows);
    if (!agent) return base::fail(agent.error());
    agents.push_back(std::move(*agent));
  }
  if (const auto added = add_labels(agents); !added) return base::fail(added.error());
  std::vector<model::AgentRef> refs;
  refs.reserve(agents.size());
  for (model::Agent& agent : agents) refs.push_back(std::make_shared<const model::Agent>(std::move(agent)));
  return refs;
}

base::Result<void> Store::add_labels(std::vector<model::Agent>& agents) {
  std::unordered_map<base::Uuid, model::Agent*, HashUuid> by_id;
  for (model::Agent& agent : agents) by_id[agent.id] = &agent;
  auto rows = database_.prepare(
      "SELECT agent_id, label_key, label_value FROM agent_labels ORDER BY agent_id, position");
  if (!rows) return base::fail(rows.error());
  while (true) {
    const auto row = rows->step();
    if (!row) return base::fail(row.error());
    if (!*row) return {};
    const auto id = id_from(rows->text(0));
    const auto found = id ? by_id.find(*id) : by_id.end();
    if (found == by_id.end())
      return base::fail(ErrorCode::kInvalid, "the database has labels of an agent that is not there");
    found->second->labels.push_back({std::string(rows->text(1)), std::string(rows->text(2))});
  }
}

base::Result<void> Store::put_agent(const model::Agent& agent) {
  return watched(Operation::kWrite, [&] { return write_agent(agent); });
}

base::Result<void> Store::write_agent(const model::Agent& agent) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return base::fail(transaction.error());
  const model::AgentSettings& settings = agent.settings;
  const model::OnClientDisconnect& disconnect = settings.on_client_disconnect;
  const bool drains = disconnect.action == model::OnClientDisconnect::Action::kDrain;
  const auto put =
      run(database_,
          "INSERT INTO agents (id, name, is_default, consider_context_untrusted, "
          "deny_tools_in_untrusted_context, "
          "capture_content, on_client_disconnect, drain_seconds, created_at, updated_at) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT (id) DO UPDATE SET name = excluded.name, is_default = excluded.is_default, "
          "consider_context_untrusted = excluded.consider_context_untrusted, "
          "deny_tools_in_untrusted_context = excluded.deny_tools_in_untrusted_context, "
          "capture_content = excluded.capture_content, on_client_disconnect = excluded.on_client_disconnect, "
          "drain_seconds = excluded.drain_seconds, created_at = excluded.created_at, updated_at = "
          "excluded.updated_at",
          agent.id.text(), agent.name, std::int64_t{agent.is_default},
          std::int64_t{settings.consider_context_untrusted},
          std::int64_t{settings.deny_tools_in_untrusted_context}, std::int64_t{settings.capture_content},
          drains ? kDrain : kCancel, std::int64_t{disconnect.drain.count()}, microseconds(agent.created),
          microseconds(agent.updated));
  if (!put) return base::fail(put.error());
  const auto cleared = run(database_, "DELETE FROM agent_labels WHERE agent_id = ?", agent.id.text());
  if (!cleared) return base::fail(cleared.error());
  auto insert = database_.prepare(
      "INSERT INTO agent_labels (agent_id, position, label_key, label_value) VALUES (?, ?, ?, ?)");
  if (!insert) return base::fail(insert.error());
  std::int64_t position = 0;
  for (const model::Label& label : agent.labels) {
    const auto added = insert->bind(agent.id.text()).bind(position++).bind(label.key).bind(label.value).run();
    if (!added) return base::fail(added.error());
  }
  return transaction->commit();
}

base::Result<void> Store::remove_agent(const base::Uuid& id) {
  return watched(Operation::kWrite,
                 [&] { return run(database_, "DELETE FROM agents WHERE id = ?", id.text()); });
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
  return watched(Operation::kWrite, [&] {
    return run(database_,
               "INSERT INTO platform_values (name, value) VALUES (?, ?) "
               "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
               kAdminTokenHash, hash);
  });
}

}  // namespace archestra::store
