#include "api/agents.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "api/agent_json.h"
#include "api/lists.h"
#include "base/json_text.h"

namespace archestra::api {
namespace {

using model::AgentRef;

// The same in every installation, so that dashboards of one fit another.
constexpr std::string_view kDefaultAgentId = "00000000-0000-4000-8000-000000000001";
constexpr std::string_view kDefaultAgentName = "Default Agent";
// A directory is copied with each change, and all agents fit into memory.
constexpr std::size_t kAgentsMax = 100'000;

constexpr std::string_view kNoAgent = "There is no agent with this id.";

// What a store can keep.
base::WallTime now() { return std::chrono::floor<std::chrono::microseconds>(base::wall_now()); }

ServiceAnswer agent_answer(int status, const model::Agent& agent, std::string extra_fields = {}) {
  ServiceAnswer answer = json_answer(status, {});
  append_agent(answer.body, agent);
  answer.extra_fields = std::move(extra_fields);
  return answer;
}

}  // namespace

base::Result<model::AgentDirectoryRef> load_agents(store::Store& store) {
  auto agents = store.agents();
  if (!agents) return base::fail(agents.error());
  const auto defaults =
      std::ranges::count_if(*agents, [](const AgentRef& agent) { return agent->is_default; });
  if (defaults > 1)
    return base::fail(base::ErrorCode::kInvalid, "the database has more than one default agent");
  if (defaults == 0) {
    model::Agent agent =
        *model::make_agent(*base::Uuid::parse(kDefaultAgentId), std::string(kDefaultAgentName));
    agent.is_default = true;
    agent.created = agent.updated = now();
    if (const auto put = store.put_agent(agent); !put) return base::fail(put.error());
    std::erase_if(*agents, [&](const AgentRef& each) { return each->id == agent.id; });
    agents->push_back(std::make_shared<const model::Agent>(std::move(agent)));
  }
  return std::make_shared<const model::AgentDirectory>(std::move(*agents));
}

Agents::Agents(store::Store& store, model::AgentDirectoryRef directory, Publish publish)
    : store_(store), publish_(std::move(publish)), directory_(std::move(directory)) {}

ServiceAnswer Agents::list(const Query& query) const {
  Page page;
  Sorting order;
  if (const auto fault = query.fault({"limit", "offset", "sortBy", "sortDirection", "search"}))
    return invalid_request(*fault);
  if (const auto fault = page.read(query)) return invalid_request(*fault);
  if (const auto fault = order.read(query, "name")) return invalid_request(*fault);
  const std::string_view search = query.find("search").value_or("");
  std::vector<AgentRef> found;
  for (const AgentRef& agent : directory_->all())
    if (contains_ignoring_case(agent->name, search)) found.push_back(agent);
  std::ranges::sort(found,
                    [&](const AgentRef& a, const AgentRef& b) { return order(*a, *b, a->name, b->name); });
  return list_answer(std::span<const AgentRef>(found), page,
                     [](std::string& out, const AgentRef& agent) { append_agent(out, *agent); });
}

ServiceAnswer Agents::create(std::string_view body) {
  const auto read = read_agent(body);
  if (const auto* fault = std::get_if<BodyFault>(&read)) return invalid_request(fault->message);
  const auto& fields = std::get<AgentFields>(read);
  if (!fields.name) return invalid_request("\"name\" is missing.");
  if (directory_->all().size() >= kAgentsMax)
    return error_answer(409, "conflict",
                        fmt::format("There are {} agents, as many as there can be.", kAgentsMax));
  auto agent = std::make_shared<model::Agent>(*model::make_agent(base::Uuid::random(random_), ""));
  fields.apply_to(*agent);
  agent->created = agent->updated = now();
  if (const auto put = store_.put_agent(*agent); !put) return store_failed(put.error());
  publish(nullptr, agent);
  return agent_answer(201, *agent, fmt::format("Location: /api/agents/{}\r\n", agent->id_text));
}

ServiceAnswer Agents::get(const base::Uuid& id) const {
  const AgentRef& agent = directory_->find(id);
  return agent ? agent_answer(200, *agent) : not_found(kNoAgent);
}

ServiceAnswer Agents::update(const base::Uuid& id, std::string_view body) {
  const AgentRef before = directory_->find(id);
  if (!before) return not_found(kNoAgent);
  const auto read = read_agent(body);
  if (const auto* fault = std::get_if<BodyFault>(&read)) return invalid_request(fault->message);
  auto after = std::make_shared<model::Agent>(*before);
  std::get<AgentFields>(read).apply_to(*after);
  // Nothing is different: nobody needs to hear of it.
  if (*after == *before) return agent_answer(200, *before);
  after->updated = std::max(now(), before->updated);
  if (const auto put = store_.put_agent(*after); !put) return store_failed(put.error());
  publish(before, after);
  return agent_answer(200, *after);
}

ServiceAnswer Agents::remove(const base::Uuid& id) {
  const AgentRef before = directory_->find(id);
  if (!before) return not_found(kNoAgent);
  if (before->is_default)
    return error_answer(
        409, "conflict",
        "This is the default agent, which handles the calls that name none. It can be changed, "
        "but not deleted.");
  if (const auto removed = store_.remove_agent(id); !removed) return store_failed(removed.error());
  publish(before, nullptr);
  return {.status = 204, .body = {}};
}

// The old directory lives until every shard uses the new one, so that none of them has to destroy it.
void Agents::publish(const AgentRef& before, const AgentRef& after) {
  const model::AgentUpdate update{.directory = std::make_shared<const model::AgentDirectory>(
                                      after ? directory_->with(after) : directory_->without(before->id)),
                                  .before = before,
                                  .after = after};
  publish_(update);
  directory_ = update.directory;
}

ServiceAnswer Agents::label_keys(const Query& query) const {
  Page page;
  if (const auto fault = query.fault({"limit", "offset"})) return invalid_request(*fault);
  if (const auto fault = page.read(query)) return invalid_request(*fault);
  std::set<std::string_view> keys;
  for (const AgentRef& agent : directory_->all())
    for (const model::Label& label : agent->labels) keys.insert(label.key);
  const std::vector<std::string_view> sorted(keys.begin(), keys.end());
  return list_answer(std::span<const std::string_view>(sorted), page, base::append_json_string);
}

ServiceAnswer Agents::label_values(const Query& query) const {
  Page page;
  if (const auto fault = query.fault({"key", "limit", "offset"})) return invalid_request(*fault);
  if (const auto fault = page.read(query)) return invalid_request(*fault);
  const auto key = query.find("key");
  if (!key) return invalid_request("The parameter key is missing: the key whose values are wanted.");
  std::set<std::string_view> values;
  for (const AgentRef& agent : directory_->all())
    for (const model::Label& label : agent->labels)
      if (label.key == *key) values.insert(label.value);
  const std::vector<std::string_view> sorted(values.begin(), values.end());
  return list_answer(std::span<const std::string_view>(sorted), page, base::append_json_string);
}

}  // namespace archestra::api
