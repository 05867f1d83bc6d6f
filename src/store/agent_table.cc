#include "store/agent_table.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "store/sql.h"

namespace archestra::store {
namespace {

using base::ErrorCode;
using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

constexpr std::string_view kCancel = "cancel";
constexpr std::string_view kDrain = "drain";

base::Result<model::Agent> agent_from(const Statement& row) {
  const auto id = id_from(row.text(0));
  const std::string_view action = row.text(6);
  const auto created = wall_time(row.number(8));
  const auto updated = wall_time(row.number(9));
  if (!id || (action != kCancel && action != kDrain) || !created || !updated)
    return base::fail(ErrorCode::kInvalid, "the database has an agent that makes no sense");
  model::Agent agent{.id = *id, .id_text = id->text(), .name = std::string(row.text(1)), .labels = {}};
  agent.is_default = row.number(2) != 0;
  agent.settings.consider_context_untrusted = row.number(3) != 0;
  agent.settings.deny_tools_in_untrusted_context = row.number(4) != 0;
  agent.settings.capture_content = row.number(5) != 0;
  if (action == kDrain)
    agent.settings.on_client_disconnect = {.action = model::OnClientDisconnect::Action::kDrain,
                                           .drain = std::chrono::seconds(row.number(7))};
  agent.created = *created;
  agent.updated = *updated;
  return agent;
}

base::Result<void> add_labels(Database& database, std::vector<model::Agent>& agents) {
  std::unordered_map<base::Uuid, model::Agent*, HashUuid> by_id;
  for (model::Agent& agent : agents) by_id[agent.id] = &agent;
  auto rows = database.prepare(
      "SELECT agent_id, label_key, label_value FROM agent_labels ORDER BY agent_id, position");
  if (!rows) return base::fail(rows.error());
  return for_each_row(*rows, [&](const Statement& row) -> base::Result<void> {
    const auto id = id_from(row.text(0));
    const auto found = id ? by_id.find(*id) : by_id.end();
    if (found == by_id.end())
      return base::fail(ErrorCode::kInvalid, "the database has labels of an agent that is not there");
    found->second->labels.push_back({std::string(row.text(1)), std::string(row.text(2))});
    return {};
  });
}

}  // namespace

base::Result<std::vector<model::AgentRef>> read_agents(Database& database) {
  auto rows = database.prepare(
      "SELECT id, name, is_default, consider_context_untrusted, deny_tools_in_untrusted_context, "
      "capture_content, "
      "on_client_disconnect, drain_seconds, created_at, updated_at FROM agents");
  if (!rows) return base::fail(rows.error());
  std::vector<model::Agent> agents;
  const auto read = for_each_row(*rows, [&](const Statement& row) -> base::Result<void> {
    auto agent = agent_from(row);
    if (!agent) return base::fail(agent.error());
    agents.push_back(std::move(*agent));
    return {};
  });
  if (!read) return base::fail(read.error());
  if (const auto added = add_labels(database, agents); !added) return base::fail(added.error());
  std::vector<model::AgentRef> refs;
  refs.reserve(agents.size());
  for (model::Agent& agent : agents) refs.push_back(std::make_shared<const model::Agent>(std::move(agent)));
  return refs;
}

base::Result<void> write_agent(Database& database, const model::Agent& agent) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return base::fail(transaction.error());
  const model::AgentSettings& settings = agent.settings;
  const model::OnClientDisconnect& disconnect = settings.on_client_disconnect;
  const bool drains = disconnect.action == model::OnClientDisconnect::Action::kDrain;
  const auto put =
      run(database,
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
  const auto cleared = run(database, "DELETE FROM agent_labels WHERE agent_id = ?", agent.id.text());
  if (!cleared) return base::fail(cleared.error());
  auto insert = database.prepare(
      "INSERT INTO agent_labels (agent_id, position, label_key, label_value) VALUES (?, ?, ?, ?)");
  if (!insert) return base::fail(insert.error());
  std::int64_t position = 0;
  for (const model::Label& label : agent.labels) {
    const auto added = insert->bind(agent.id.text()).bind(position++).bind(label.key).bind(label.value).run();
    if (!added) return base::fail(added.error());
  }
  return transaction->commit();
}

base::Result<void> delete_agent(Database& database, const base::Uuid& id) {
  return run(database, "DELETE FROM agents WHERE id = ?", id.text());
}

}  // namespace archestra::store
