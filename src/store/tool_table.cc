#include "store/tool_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "model/enum_names.h"
#include "store/sql.h"

namespace archestra::store {
namespace {

using base::ErrorCode;
using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

constexpr std::string_view kKind = "tool";

// The columns that tool_from() reads; then description and parameters, where they are wanted.
#define ARCHESTRA_TOOL_COLUMNS \
  "id, agent_id, name, result_treatment, usable_with_untrusted_data, created_at, updated_at"

std::optional<model::Tool> tool_from(const Statement& row) {
  const auto id = id_from(row.text(0));
  const auto agent_id = id_from(row.text(1));
  const auto treatment = model::from_name<model::ResultTreatment>(model::kResultTreatmentNames, row.text(3));
  const auto created = wall_time(row.number(5));
  const auto updated = wall_time(row.number(6));
  if (!id || !agent_id || !treatment || !created || !updated) return std::nullopt;
  return model::Tool{
      .id = *id,
      .agent_id = *agent_id,
      .declared = {.name = std::string(row.text(2)), .description = {}, .parameters = {}},
      .settings = {.result_treatment = *treatment, .usable_with_untrusted_data = row.number(4) != 0},
      .created = *created,
      .updated = *updated};
}

base::Result<model::Tool> whole_tool_from(const Statement& row) {
  auto tool = tool_from(row);
  if (!tool) return base::fail(ErrorCode::kInvalid, "the database has a tool that makes no sense");
  tool->declared.description = row.text(7);
  tool->declared.parameters = row.text(8);
  return std::move(*tool);
}

// What LIKE takes for itself as it is, in lower case.
std::string like_pattern(std::string_view search) {
  std::string pattern = "%";
  for (const char c : search) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += base::lower_case(c);
  }
  return pattern += '%';
}

std::string_view column_of(ToolQuery::By by) {
  switch (by) {
    case ToolQuery::By::kCreated:
      return "created_at";
    case ToolQuery::By::kUpdated:
      return "updated_at";
    case ToolQuery::By::kName:
      break;
  }
  return "name";
}

/// Adds declared tools one after the other; the transaction begins with the first one that is new.
class Learning {
 public:
  Learning(Database& database, const ToolLimits& limits) : database_(database), limits_(limits) {}

  base::Result<void> take(const model::Tool& tool) {
    auto same =
        database_.prepare("SELECT description, parameters FROM tools WHERE agent_id = ? AND name = ?");
    if (!same) return base::fail(same.error());
    const auto found = same->bind(tool.agent_id.text()).bind(tool.declared.name).step();
    if (!found) return base::fail(found.error());
    if (!*found) return add(tool);
    if (same->text(0) == tool.declared.description && same->text(1) == tool.declared.parameters) return {};
    return change(tool);
  }

  base::Result<LearnedTools> finish() {
    if (transaction_) {
      if (const auto committed = transaction_->commit(); !committed) return base::fail(committed.error());
    }
    return std::move(learned_);
  }

 private:
  base::Result<void> begin() {
    if (transaction_) return {};
    auto begun = Transaction::begin(database_);
    if (!begun) return base::fail(begun.error());
    transaction_.emplace(std::move(*begun));
    return {};
  }

  base::Result<void> count(const base::Uuid& agent_id) {
    if (total_ < 0) {
      const auto total = number_from(database_, "SELECT COUNT(*) FROM tools");
      if (!total) return base::fail(total.error());
      total_ = *total;
    }
    if (of_agents_.contains(agent_id)) return {};
    const auto own = number_from(database_, "SELECT COUNT(*) FROM tools WHERE agent_id = ?", agent_id.text());
    if (!own) return base::fail(own.error());
    of_agents_[agent_id] = *own;
    return {};
  }

  base::Result<void> add(const model::Tool& tool) {
    if (const auto counted = count(tool.agent_id); !counted) return counted;
    std::int64_t& of_agent = of_agents_[tool.agent_id];
    if (of_agent >= limits_.of_agent || total_ >= limits_.of_all) {
      if (std::ranges::find(learned_.full, tool.agent_id) == learned_.full.end())
        learned_.full.push_back(tool.agent_id);
      return {};
    }
    if (const auto begun = begin(); !begun) return begun;
    const auto added = run(database_,
                           "INSERT INTO tools (" ARCHESTRA_TOOL_COLUMNS
                           ", description, parameters) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           tool.id.text(), tool.agent_id.text(), tool.declared.name,
                           model::name_in(model::kResultTreatmentNames, tool.settings.result_treatment),
                           std::int64_t{tool.settings.usable_with_untrusted_data}, microseconds(tool.created),
                           microseconds(tool.updated), tool.declared.description, tool.declared.parameters);
    if (!added) return added;
    ++of_agent;
    ++total_;
    ++learned_.added;
    return {};
  }

  base::Result<void> change(const model::Tool& tool) {
    if (const auto begun = begin(); !begun) return begun;
    ++learned_.changed;
    return run(
        database_,
        "UPDATE tools SET description = ?, parameters = ?, updated_at = ? WHERE agent_id = ? AND name = ?",
        tool.declared.description, tool.declared.parameters, microseconds(tool.updated), tool.agent_id.text(),
        tool.declared.name);
  }

  Database& database_;
  const ToolLimits limits_;
  std::optional<Transaction> transaction_;
  std::unordered_map<base::Uuid, std::int64_t, HashUuid> of_agents_;
  std::int64_t total_ = -1;
  LearnedTools learned_;
};

}  // namespace

base::Result<void> read_tool_settings(Database& database, PolicyRows& out) {
  auto rows = database.prepare(
      "SELECT " ARCHESTRA_TOOL_COLUMNS
      " FROM tools WHERE result_treatment <> 'untrusted' OR usable_with_untrusted_data <> 0");
  if (!rows) return base::fail(rows.error());
  return for_each_row(*rows, [&](const Statement& row) -> base::Result<void> {
    if (auto tool = tool_from(row))
      out.tools.push_back(std::move(*tool));
    else if (!out.fault)
      out.fault = {.kind = kKind,
                   .id = std::string(row.text(0)),
                   .message = "Its id, its agent's, its resultTreatment or a time makes no sense."};
    return {};
  });
}

base::Result<ToolPage> read_tools(Database& database, const ToolQuery& query) {
  const std::string where = fmt::format("FROM tools WHERE LOWER(name) LIKE ? ESCAPE '\\'{}",
                                        query.agent_id ? " AND agent_id = ?" : "");
  const std::string pattern = like_pattern(query.search);
  const auto bind = [&](Statement& statement) {
    statement.bind(pattern);
    if (query.agent_id) statement.bind(query.agent_id->text());
  };
  auto count = database.prepare("SELECT COUNT(*) " + where);
  if (!count) return base::fail(count.error());
  bind(*count);
  if (const auto counted = count->step(); !counted) return base::fail(counted.error());
  const std::string_view direction = query.descends ? "DESC" : "ASC";
  // Ids decide between equals, so that pages neither repeat nor leave out.
  auto rows = database.prepare(fmt::format("SELECT " ARCHESTRA_TOOL_COLUMNS
                                           ", description, '' {} ORDER BY {} {}, id {} LIMIT ? OFFSET ?",
                                           where, column_of(query.by), direction, direction));
  if (!rows) return base::fail(rows.error());
  bind(*rows);
  rows->bind(static_cast<std::int64_t>(query.limit)).bind(static_cast<std::int64_t>(query.offset));
  ToolPage page{.tools = {}, .total = static_cast<std::uint64_t>(count->number(0))};
  const auto read = for_each_row(*rows, [&](const Statement& row) -> base::Result<void> {
    auto tool = whole_tool_from(row);
    if (!tool) return base::fail(tool.error());
    page.tools.push_back(std::move(*tool));
    return {};
  });
  if (!read) return base::fail(read.error());
  return page;
}

base::Result<std::optional<model::Tool>> read_tool(Database& database, const base::Uuid& id) {
  auto rows =
      database.prepare("SELECT " ARCHESTRA_TOOL_COLUMNS ", description, parameters FROM tools WHERE id = ?");
  if (!rows) return base::fail(rows.error());
  const auto row = rows->bind(id.text()).step();
  if (!row) return base::fail(row.error());
  if (!*row) return std::nullopt;
  auto tool = whole_tool_from(*rows);
  if (!tool) return base::fail(tool.error());
  return std::move(*tool);
}

base::Result<LearnedTools> write_declared_tools(Database& database, std::span<const model::Tool> tools,
                                                const ToolLimits& limits) {
  Learning learning(database, limits);
  for (const model::Tool& tool : tools) {
    if (const auto taken = learning.take(tool); !taken) return base::fail(taken.error());
  }
  return learning.finish();
}

base::Result<void> write_tool_settings(Database& database, const model::Tool& tool) {
  return run(
      database,
      "UPDATE tools SET result_treatment = ?, usable_with_untrusted_data = ?, updated_at = ? WHERE id = ?",
      model::name_in(model::kResultTreatmentNames, tool.settings.result_treatment),
      std::int64_t{tool.settings.usable_with_untrusted_data}, microseconds(tool.updated), tool.id.text());
}

base::Result<void> delete_tool(Database& database, const base::Uuid& id) {
  return run(database, "DELETE FROM tools WHERE id = ?", id.text());
}

}  // namespace archestra::store
