// All agents at one time. An immutable snapshot: every thread may read one that it holds, nobody changes it,
// and a change makes another one that shares the agents which stayed the same.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/ids.h"
#include "model/agent.h"

namespace archestra::model {

class AgentDirectory {
 public:
  /// Exactly one of them is the default one, no two have the same id.
  explicit AgentDirectory(std::vector<AgentRef> agents);

  /// The agent with this id; null where there is none. One hash look-up.
  const AgentRef& find(const base::Uuid& id) const;
  const AgentRef& default_agent() const { return default_agent_; }
  /// In no particular order.
  std::span<const AgentRef> all() const { return agents_; }

  /// This directory with `agent` added, or in the place of the one with its id.
  AgentDirectory with(AgentRef agent) const;
  /// This directory without the agent of this id, which is not the default one.
  AgentDirectory without(const base::Uuid& id) const;

 private:
  std::vector<AgentRef> agents_;
  // Open addressing over places in agents_, a power of two of them, never more than half full. Two flat
  // arrays instead of a map: a directory is copied and dropped with each change, however many agents there
  // are.
  std::vector<std::uint32_t> places_;
  AgentRef default_agent_;
};

/// Never changed after publication.
using AgentDirectoryRef = std::shared_ptr<const AgentDirectory>;

/// A new directory and what is different in it, so that nobody has to compare.
struct AgentUpdate {
  AgentDirectoryRef directory;
  AgentRef before;  ///< null for a new agent
  AgentRef after;   ///< null for one that is gone
};

}  // namespace archestra::model
