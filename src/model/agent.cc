#include "model/agent.h"

#include <utility>

namespace archestra::model {

AgentRef make_agent(base::Uuid id, std::string name, std::vector<Label> labels) {
  return std::make_shared<const Agent>(
      Agent{.id = id, .id_text = id.text(), .name = std::move(name), .labels = std::move(labels)});
}

}  // namespace archestra::model
