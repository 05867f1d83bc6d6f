// Agents as JSON: how the API shows one, and how it reads what a client says of one. Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/answers.h"
#include "model/agent.h"

namespace archestra::api {

inline constexpr std::chrono::seconds kDrainMin{1};
inline constexpr std::chrono::seconds kDrainMax{3600};

/// The fields that a body gives; what it leaves out stays as it is.
struct AgentFields {
  std::optional<std::string> name;
  std::optional<std::vector<model::Label>> labels;
  std::optional<bool> consider_context_untrusted;
  std::optional<bool> deny_tools_in_untrusted_context;
  std::optional<bool> capture_content;
  std::optional<model::OnClientDisconnect> on_client_disconnect;

  void apply_to(model::Agent& agent) const;
};

/// Reads a body and checks it by the rules of agents/label_rules.h.
std::variant<AgentFields, BodyFault> read_agent(std::string_view body);

void append_agent(std::string& out, const model::Agent& agent);

}  // namespace archestra::api
