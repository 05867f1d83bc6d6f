#include "telemetry/metrics/agent_series.h"

#include <algorithm>
#include <functional>

namespace archestra::telemetry {
namespace {

std::uint64_t mix(std::uint64_t seed, std::string_view text) {
  const std::uint64_t hash = std::hash<std::string_view>{}(text);
  return seed ^ (hash + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

/// With its length before it, so that the borders of a list of texts are part of the result.
void append_part(std::string& out, std::string_view text) {
  out.append(std::to_string(text.size())).append(":").append(text);
}

}  // namespace

bool has_same_labels(const model::Agent& a, const model::Agent& b) {
  return &a == &b || (a.id_text == b.id_text && a.name == b.name &&
                      std::ranges::equal(a.labels, b.labels, [](const auto& one, const auto& other) {
                        return one.key == other.key && one.value == other.value;
                      }));
}

std::uint64_t set_fingerprint(std::string_view provider, const model::Agent& agent) {
  std::uint64_t hash = mix(mix(mix(0, provider), agent.id_text), agent.name);
  for (const model::Label& label : agent.labels) hash = mix(mix(hash, label.key), label.value);
  return hash;
}

std::uint64_t set_fingerprint(const AgentBlock& agent, std::string_view model) {
  return mix(agent.fingerprint, model);
}

std::string set_text(std::string_view provider, const model::Agent& agent) {
  std::string text;
  for (const std::string_view part :
       {provider, std::string_view(agent.id_text), std::string_view(agent.name)})
    append_part(text, part);
  for (const model::Label& label : agent.labels) {
    append_part(text, label.key);
    append_part(text, label.value);
  }
  return text;
}

std::string set_text(const AgentBlock& agent, std::string_view model) {
  std::string text;
  append_part(text, model);
  return text += set_text(agent.provider, *agent.agent);
}

}  // namespace archestra::telemetry
