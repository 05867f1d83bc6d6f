// The agents that the traffic generator makes calls for, made through the gateway's own API. On the loop's
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "traffic/client.h"

namespace archestra::traffic {

struct DemoAgent {
  std::string name;
  std::string id;  ///< UUID
};

/// Makes a few labelled agents and their tool policies, with the gateway's admin token. Fails where the
/// gateway refuses one, or does not answer.
net::Task<base::Result<std::vector<DemoAgent>>> make_agents(Client& client, std::string_view admin_token);

}  // namespace archestra::traffic
