#include "traffic/agents.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/ids.h"
#include "traffic/requests.h"

namespace archestra::traffic {
namespace {

struct Described {
  std::string_view name;
  std::string_view labels;  // JSON
  std::string_view mode;    // of a policy against mail, "" for none
};

constexpr std::array<Described, 3> kAgents{{
    {"Support Bot",
     R"([{"key":"team","value":"support"},{"key":"environment","value":"production"},{"key":"cost-center","value":"4711"}])",
     "enforce"},
    {"Researcher", R"([{"key":"team","value":"data-science"},{"key":"environment","value":"production"}])",
     "observe"},
    {"Code Reviewer", R"([{"key":"team","value":"platform"},{"key":"environment","value":"staging"}])", ""},
}};

constexpr base::Duration kTimeout = std::chrono::seconds(10);
constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 10;
constexpr int kCreated = 201;

class AnswerReader final : public BodyReader {
 public:
  Wish on_bytes(std::string_view bytes) override {
    text.append(bytes);
    return text.size() < kAnswerBytesMax ? Wish::kMore : Wish::kLeave;
  }
  std::string text;
};

std::string id_in(std::string_view answer) {
  constexpr std::string_view kMember = R"("id":")";
  const std::size_t at = answer.find(kMember);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = answer.substr(at + kMember.size());
  const auto id = base::Uuid::parse(rest.substr(0, rest.find('"')));
  return id ? id->text() : std::string();
}

/// The id of what a POST to the platform API has made.
net::Task<base::Result<std::string>> make(Client& client, std::string_view admin_token, std::string_view path,
                                          std::string_view body) {
  const std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      path, client.url().authority(), admin_token, body.size(), body);
  AnswerReader reader;
  const auto answer = co_await client.exchange(request, reader, base::monotonic_now() + kTimeout);
  if (!answer) co_return base::fail(answer.error());
  std::string id = id_in(reader.text);
  if (answer->status != kCreated || id.empty())
    co_return base::fail(base::ErrorCode::kInvalid, "the gateway refused to make what the demo shows",
                         answer->status);
  co_return id;
}

std::string policy_json(std::string_view agent_id, std::string_view mode) {
  return fmt::format(R"({{"agentId":"{}","tool":"{}","conditions":[],"action":"block_always",)"
                     R"("reason":"The demo sends no mail.","mode":"{}"}})",
                     agent_id, kMailTool, mode);
}

}  // namespace

net::Task<base::Result<std::vector<DemoAgent>>> make_agents(Client& client, std::string_view admin_token) {
  std::vector<DemoAgent> agents;
  for (const Described& agent : kAgents) {
    const std::string body = fmt::format(R"({{"name":"{}","labels":{}}})", agent.name, agent.labels);
    const auto id = co_await make(client, admin_token, "/api/agents", body);
    if (!id) co_return base::fail(id.error());
    agents.push_back({.name = std::string(agent.name), .id = *id});
    if (agent.mode.empty()) continue;
    const auto policy =
        co_await make(client, admin_token, "/api/tool-invocation-policies", policy_json(*id, agent.mode));
    if (!policy) co_return base::fail(policy.error());
  }
  co_return agents;
}

}  // namespace archestra::traffic
