// Where a request on the API port goes. A value; its texts have static storage where nothing else is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.h"

namespace archestra::call {

/// What the gateway understands of an LLM operation.
struct Operation {
  std::string_view name;  ///< "chat.completions", behind "openai." the name of its span; "request" for what
                          ///< only passes through
  std::string_view gen_ai_operation;  ///< gen_ai.operation.name, "" for what only passes through
  bool observed = false;              ///< the bodies are read alongside: model, usage, finish reasons
};

/// The way of one LLM call, as its path says. Provider and template live as long as their provider.
struct Route {
  std::string_view provider;  ///< "openai"
  const Operation* operation = nullptr;
  std::string_view route_template = {};   ///< "/v1/openai/chat/completions", "/v1/openai/*"; never a raw path
  std::string_view upstream_prefix = {};  ///< between the provider's base URL and upstream_path
  std::string_view upstream_path = {};    ///< as it was asked for, with its query; view of the target
  std::optional<base::Uuid> agent_id = {};
};

}  // namespace archestra::call
