#include "model/agent_directory.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace archestra::model {
namespace {

constexpr std::uint32_t kEmpty = UINT32_MAX;

// Ids may be chosen by whoever restores a store, so their bytes are mixed (the finalizer of MurmurHash3).
std::size_t hash(const base::Uuid& id) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes.data(), 8);
  std::memcpy(&low, id.bytes.data() + 8, 8);
  std::uint64_t h = high ^ std::rotl(low, 32);
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

}  // namespace

AgentDirectory::AgentDirectory(std::vector<AgentRef> agents)
    : agents_(std::move(agents)), places_(std::bit_ceil(agents_.size() * 2 + 1), kEmpty) {
  const std::size_t mask = places_.size() - 1;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    std::size_t at = hash(agents_[i]->id) & mask;
    while (places_[at] != kEmpty) {
      ARCHESTRA_ASSERT(agents_[places_[at]]->id != agents_[i]->id, "no two agents have the same id");
      at = (at + 1) & mask;
    }
    places_[at] = static_cast<std::uint32_t>(i);
    if (!agents_[i]->is_default) continue;
    ARCHESTRA_ASSERT(default_agent_ == nullptr, "there is one default agent");
    default_agent_ = agents_[i];
  }
  ARCHESTRA_ASSERT(default_agent_ != nullptr, "there is a default agent");
}

const AgentRef& AgentDirectory::find(const base::Uuid& id) const {
  static const AgentRef none;
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = hash(id) & mask; places_[at] != kEmpty; at = (at + 1) & mask) {
    const AgentRef& agent = agents_[places_[at]];
    if (agent->id == id) return agent;
  }
  return none;
}

AgentDirectory AgentDirectory::with(AgentRef agent) const {
  std::vector<AgentRef> agents = agents_;
  const auto same = std::ranges::find(agents, agent->id, [](const AgentRef& each) { return each->id; });
  if (same == agents.end())
    agents.push_back(std::move(agent));
  else
    *same = std::move(agent);
  return AgentDirectory(std::move(agents));
}

AgentDirectory AgentDirectory::without(const base::Uuid& id) const {
  std::vector<AgentRef> agents = agents_;
  std::erase_if(agents, [&](const AgentRef& each) { return each->id == id; });
  return AgentDirectory(std::move(agents));
}

}  // namespace archestra::model
