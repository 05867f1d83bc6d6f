// The agents of the platform API: the handlers of /api/agents. On the api thread, which alone changes agents:
// what it reads is its own directory, and a write goes to the store, then to every shard, then to the client.
#pragma once

#include <functional>
#include <string_view>

#include "api/answers.h"
#include "api/query.h"
#include "base/ids.h"
#include "model/agent_directory.h"
#include "store/store.h"

namespace archestra::api {

/// Gives a new directory to everybody who serves calls, and returns when all of them use it.
using Publish = std::function<void(const model::AgentUpdate&)>;

/// The agents of the store. The default agent, called `Default Agent`, is made where there is none.
base::Result<model::AgentDirectoryRef> load_agents(store::Store& store);

class Agents {
 public:
  /// The store outlives it. `directory` is what the shards have.
  Agents(store::Store& store, model::AgentDirectoryRef directory, Publish publish);

  /// Whether there is one with this id.
  bool has(const base::Uuid& id) const { return directory_->find(id) != nullptr; }

  ServiceAnswer list(const Query& query) const;
  ServiceAnswer create(std::string_view body);
  ServiceAnswer get(const base::Uuid& id) const;
  ServiceAnswer update(const base::Uuid& id, std::string_view body);
  ServiceAnswer remove(const base::Uuid& id);
  /// The keys of all labels, and the values of one key.
  ServiceAnswer label_keys(const Query& query) const;
  ServiceAnswer label_values(const Query& query) const;

 private:
  void publish(const model::AgentRef& before, const model::AgentRef& after);

  store::Store& store_;
  const Publish publish_;
  model::AgentDirectoryRef directory_;
  base::Random random_ = base::Random::from_entropy();
};

}  // namespace archestra::api
