#include "proxy/settings.h"

#include "base/assert.h"

namespace archestra::proxy {

const Target& Settings::target_of(const providers::Provider& provider) const {
  for (const Target& target : targets)
    if (target.provider == &provider) return target;
  ARCHESTRA_ASSERT(false, "every provider has a target");
}

model::AgentRef Settings::find_agent(const base::Uuid& id) const {
  for (const model::AgentRef& agent : agents)
    if (agent->id == id) return agent;
  return nullptr;
}

}  // namespace archestra::proxy
