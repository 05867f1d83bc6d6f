#include "store/policy_table.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "model/enum_names.h"
#include "store/sql.h"

namespace archestra::store {
namespace {

using sqlite::Database;
using sqlite::Statement;

constexpr std::size_t kShownBytesMax = 64;  // of what a row says, in a message

/// What both kinds of policies have, each by its own name.
struct Table {
  std::string_view kind;
  std::string_view select;
  std::string_view put;
  std::string_view remove;
  std::string_view remove_conditions;
  std::string_view add_condition;
};

// One statement for a policy and its conditions: what another program deletes meanwhile is there whole or not
// at all. A policy that has lost its conditions would hold always.
constexpr Table kInvocation{
    .kind = "tool invocation policy",
    .select =
        "SELECT p.id, p.agent_id, p.tool, p.action, p.reason, p.created_at, p.updated_at, "
        "c.condition_key, c.condition_operator, c.condition_value, p.mode "
        "FROM tool_invocation_policies p LEFT JOIN tool_invocation_conditions c ON c.policy_id = p.id "
        "ORDER BY p.id, c.position",
    .put =
        "INSERT INTO tool_invocation_policies (id, agent_id, tool, action, reason, created_at, "
        "updated_at, mode) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET agent_id = excluded.agent_id, tool = excluded.tool, action = "
        "excluded.action, reason = excluded.reason, created_at = excluded.created_at, updated_at = "
        "excluded.updated_at, mode = excluded.mode",
    .remove = "DELETE FROM tool_invocation_policies WHERE id = ?",
    .remove_conditions = "DELETE FROM tool_invocation_conditions WHERE policy_id = ?",
    .add_condition =
        "INSERT INTO tool_invocation_conditions (policy_id, position, condition_key, "
        "condition_operator, condition_value) VALUES (?, ?, ?, ?, ?)"};

constexpr Table kTrustedData{
    .kind = "trusted data policy",
    .select =
        "SELECT p.id, p.agent_id, p.tool, p.action, p.description, p.created_at, p.updated_at, "
        "c.condition_key, c.condition_operator, c.condition_value "
        "FROM trusted_data_policies p LEFT JOIN trusted_data_conditions c ON c.policy_id = p.id "
        "ORDER BY p.id, c.position",
    .put =
        "INSERT INTO trusted_data_policies (id, agent_id, tool, action, description, created_at, "
        "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET agent_id = excluded.agent_id, tool = excluded.tool, action = "
        "excluded.action, description = excluded.description, created_at = excluded.created_at, "
        "updated_at = excluded.updated_at",
    .remove = "DELETE FROM trusted_data_policies WHERE id = ?",
    .remove_conditions = "DELETE FROM trusted_data_conditions WHERE policy_id = ?",
    .add_condition =
        "INSERT INTO trusted_data_conditions (policy_id, position, condition_key, "
        "condition_operator, condition_value) VALUES (?, ?, ?, ?, ?)"};

// --- Reading

using Fault = std::optional<std::string>;

/// Takes the name of an enumerator out of a column.
template <class Enum, std::size_t N>
Fault read_name(std::string_view what, const std::array<std::string_view, N>& names, std::string_view text,
                Enum& out) {
  if (const auto value = model::from_name<Enum>(names, text)) {
    out = *value;
    return std::nullopt;
  }
  return fmt::format("There is no {} \"{}\".", what, text.substr(0, kShownBytesMax));
}

Fault read_own(const Statement& row, model::ToolInvocationPolicy& policy) {
  policy.reason = row.text(4);
  if (auto bad = read_name("action", model::kInvocationActionNames, row.text(3), policy.action)) return bad;
  return read_name("mode", model::kPolicyModeNames, row.text(10), policy.mode);
}

Fault read_own(const Statement& row, model::TrustedDataPolicy& policy) {
  policy.description = row.text(4);
  return read_name("action", model::kTrustActionNames, row.text(3), policy.action);
}

template <class Policy>
Fault read_policy(const Statement& row, Policy& policy) {
  const auto id = id_from(row.text(0));
  if (!id) return "Its id is none, or is not written as ids are.";
  policy.id = *id;
  if (!row.is_null(1)) {
    policy.agent_id = id_from(row.text(1));
    if (!policy.agent_id) return "The id of its agent is none, or is not written as ids are.";
  }
  policy.tool = row.text(2);
  const auto created = wall_time(row.number(5));
  const auto updated = wall_time(row.number(6));
  if (!created || !updated) return "It has a time that makes no sense.";
  policy.created = *created;
  policy.updated = *updated;
  return read_own(row, policy);
}

Fault read_condition(const Statement& row, std::vector<model::Condition>& conditions) {
  if (row.is_null(7)) return std::nullopt;  // a policy without any
  model::Condition condition{.key = std::string(row.text(7)), .value = std::string(row.text(9))};
  if (auto bad = read_name("operator", model::kOperatorNames, row.text(8), condition.op)) return bad;
  conditions.push_back(std::move(condition));
  return std::nullopt;
}

template <class Policy>
base::Result<void> read_all(Database& database, const Table& table, std::vector<Policy>& policies,
                            std::optional<RowFault>& first_fault) {
  auto rows = database.prepare(table.select);
  if (!rows) return base::fail(rows.error());
  std::optional<std::string> current;  // the id of the policy whose rows these are
  bool is_faulty = false;
  return for_each_row(*rows, [&](const Statement& row) -> base::Result<void> {
    Fault fault;
    if (current != row.text(0)) {
      current = row.text(0);
      fault = read_policy(row, policies.emplace_back());
      is_faulty = false;
    }
    if (!is_faulty && !fault) fault = read_condition(row, policies.back().conditions);
    if (!fault) return {};
    is_faulty = true;
    policies.pop_back();
    if (!first_fault) first_fault = {.kind = table.kind, .id = *current, .message = std::move(*fault)};
    return {};
  });
}

// --- Writing

void bind_own(Statement& put, const model::ToolInvocationPolicy& policy) {
  put.bind(model::name_in(model::kInvocationActionNames, policy.action)).bind(policy.reason);
}
void bind_own(Statement& put, const model::TrustedDataPolicy& policy) {
  put.bind(model::name_in(model::kTrustActionNames, policy.action)).bind(policy.description);
}

void bind_last(Statement& put, const model::ToolInvocationPolicy& policy) {
  put.bind(model::name_in(model::kPolicyModeNames, policy.mode));
}
void bind_last(Statement&, const model::TrustedDataPolicy&) {}

template <class Policy>
base::Result<void> write(Database& database, const Table& table, const Policy& policy) {
  auto put = database.prepare(table.put);
  if (!put) return base::fail(put.error());
  put->bind(policy.id.text());
  if (policy.agent_id)
    put->bind(policy.agent_id->text());
  else
    put->bind_null();
  put->bind(policy.tool);
  bind_own(*put, policy);
  put->bind(microseconds(policy.created)).bind(microseconds(policy.updated));
  bind_last(*put, policy);
  if (const auto done = put->run(); !done) return done;
  if (const auto cleared = run(database, table.remove_conditions, policy.id.text()); !cleared) return cleared;
  auto add = database.prepare(table.add_condition);
  if (!add) return base::fail(add.error());
  std::int64_t position = 0;
  for (const model::Condition& condition : policy.conditions) {
    add->bind(policy.id.text()).bind(position++).bind(condition.key);
    add->bind(model::name_in(model::kOperatorNames, condition.op)).bind(condition.value);
    if (const auto added = add->run(); !added) return added;
  }
  return {};
}

}  // namespace

base::Result<void> read_policies(Database& database, PolicyRows& out) {
  if (const auto read = read_all(database, kInvocation, out.invocation, out.fault); !read) return read;
  return read_all(database, kTrustedData, out.trusted_data, out.fault);
}

base::Result<void> write_policy(Database& database, const model::ToolInvocationPolicy& policy) {
  return write(database, kInvocation, policy);
}

base::Result<void> write_policy(Database& database, const model::TrustedDataPolicy& policy) {
  return write(database, kTrustedData, policy);
}

base::Result<void> delete_policy(Database& database, const RemoveInvocationPolicy& removal) {
  return run(database, kInvocation.remove, removal.id.text());
}

base::Result<void> delete_policy(Database& database, const RemoveTrustedDataPolicy& removal) {
  return run(database, kTrustedData.remove, removal.id.text());
}

}  // namespace archestra::store
