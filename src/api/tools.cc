#include "api/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include "api/lists.h"
#include "api/tool_json.h"
#include "base/log.h"

namespace archestra::api {
namespace {

constexpr std::string_view kNone = "There is no tool with this id.";
constexpr store::ToolLimits kLimits{.of_agent = kToolsOfAgentMax, .of_all = 100'000};
constexpr std::size_t kToldFullMax = 10'000;  // agents; then they are told again

// What a store can keep.
base::WallTime now() { return std::chrono::floor<std::chrono::microseconds>(base::wall_now()); }

ServiceAnswer tool_answer(const model::Tool& tool) {
  ServiceAnswer answer = json_answer(200, {});
  append_tool(answer.body, tool, ToolDetail::kWhole);
  return answer;
}

store::ToolQuery::By column_of(Sorting::By by) {
  switch (by) {
    case Sorting::By::kCreated:
      return store::ToolQuery::By::kCreated;
    case Sorting::By::kUpdated:
      return store::ToolQuery::By::kUpdated;
    case Sorting::By::kName:
      break;
  }
  return store::ToolQuery::By::kName;
}

}  // namespace

ServiceAnswer Tools::list(const Query& query) {
  Page page;
  Sorting order;
  if (const auto fault = query.fault({"limit", "offset", "sortBy", "sortDirection", "agentId", "search"}))
    return invalid_request(*fault);
  if (const auto fault = page.read(query)) return invalid_request(*fault);
  if (const auto fault = order.read(query, "name")) return invalid_request(*fault);
  store::ToolQuery wanted{.search = std::string(query.find("search").value_or("")),
                          .by = column_of(order.by),
                          .descends = order.descends,
                          .limit = page.limit,
                          .offset = page.offset};
  if (const auto agent = query.find("agentId")) {
    wanted.agent_id = base::Uuid::parse(*agent);
    if (!wanted.agent_id) return invalid_request("The parameter agentId must be the id of an agent.");
  }
  const auto found = store_.tools(wanted);
  if (!found) return store_failed(found.error());
  return page_answer(
      std::span<const model::Tool>(found->tools), found->total, page,
      [](std::string& out, const model::Tool& tool) { append_tool(out, tool, ToolDetail::kShort); });
}

ServiceAnswer Tools::get(const base::Uuid& id) {
  const auto tool = store_.tool(id);
  if (!tool) return store_failed(tool.error());
  return *tool ? tool_answer(**tool) : not_found(kNone);
}

ServiceAnswer Tools::update(const base::Uuid& id, std::string_view body) {
  const auto before = store_.tool(id);
  if (!before) return store_failed(before.error());
  if (!*before) return not_found(kNone);
  const auto read = read_tool(body);
  if (const auto* fault = std::get_if<BodyFault>(&read)) return invalid_request(fault->message);
  model::Tool after = **before;
  std::get<ToolFields>(read).apply_to(after.settings);
  if (after == **before) return tool_answer(after);
  after.updated = std::max(now(), after.updated);
  if (auto refused = live_.change(after)) return *std::move(refused);
  return tool_answer(after);
}

ServiceAnswer Tools::remove(const base::Uuid& id) {
  // One that cannot be used can be deleted all the same.
  if (!live_.is_at_fault(id)) {
    const auto tool = store_.tool(id);
    if (!tool) return store_failed(tool.error());
    if (!*tool) return not_found(kNone);
  }
  if (auto refused = live_.change(store::RemoveTool{id})) return *std::move(refused);
  return {.status = 204, .body = {}};
}

bool Tools::try_learn(std::vector<DeclaredTools> declared) {
  std::vector<model::Tool> tools;
  const base::WallTime time = now();
  for (DeclaredTools& each : declared) {
    if (!agents_.has(each.agent->id)) continue;
    clean_declared(each.tools);
    for (model::DeclaredTool& tool : each.tools)
      tools.push_back({.id = base::Uuid::random(random_),
                       .agent_id = each.agent->id,
                       .declared = std::move(tool),
                       .created = time,
                       .updated = time});
  }
  if (tools.empty()) return true;
  const auto learned = store_.learn_tools(tools, kLimits);
  if (learned) {
    tell_full(learned->full);
    return true;
  }
  if (const auto left_out = failures_.admit())
    base::log(base::LogLevel::kWarn, "tools that agents declared were not stored",
              {{"why", std::string_view(learned.error().text())}, {"left_out", *left_out}});
  live_.publish_again();
  return false;
}

void Tools::tell_full(const std::vector<base::Uuid>& agents) {
  for (const base::Uuid& agent : agents) {
    if (told_full_.contains(agent.text())) continue;
    const auto left_out = full_.admit();
    if (!left_out) continue;
    if (told_full_.size() >= kToldFullMax) told_full_.clear();
    told_full_.insert(agent.text());
    base::log(base::LogLevel::kWarn, "an agent declares more tools than are remembered",
              {{"agent_id", std::string_view(agent.text())}, {"left_out", *left_out}});
  }
}

}  // namespace archestra::api
