// Where the tools that requests declare are handed over to whoever remembers them.
#pragma once

#include <vector>

#include "model/agent.h"
#include "model/tool.h"

namespace archestra::call {

class ToolSink {
 public:
  virtual ~ToolSink() = default;

  /// Any thread; waits for nothing but a mutex that is held for a moment. False where there is no room now:
  /// the next request with these tools may try again.
  virtual bool try_learn(const model::AgentRef& agent, std::vector<model::DeclaredTool> tools) = 0;
};

}  // namespace archestra::call
