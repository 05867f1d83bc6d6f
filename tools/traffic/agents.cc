#include "traffic/agents.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/ids.h"

namespace archestra::traffic {
namespace {

struct Described {
  std::string_view name;
  std::string_view labels;  // JSON
};

constexpr std::array<Described, 3> kAgents{{
    {"Support Bot",
     R"([{"key":"team","value":"support"},{"key":"environment","value":"production"},{"key":"cost-center","value":"4711"}])"},
    {"Researcher", R"([{"key":"team","value":"data-science"},{"key":"environment","value":"production"}])"},
    {"Code Reviewer", R"([{"key":"team","value":"platform"},{"key":"environment","value":"staging"}])"},
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

}  // namespace

net::Task<base::Result<std::vector<DemoAgent>>> make_agents(Client& client, std::string_view admin_token) {
  std::vector<DemoAgent> agents;
  for (const Described& agent : kAgents) {
    const std::string body = fmt::format(R"({{"name":"{}","labels":{}}})", agent.name, agent.labels);
    const std::string request = fmt::format(
        "POST /api/agents HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        client.url().authority(), admin_token, body.size(), body);
    AnswerReader reader;
    const auto answer = co_await client.exchange(request, reader, base::monotonic_now() + kTimeout);
    if (!answer) co_return base::fail(answer.error());
    const std::string id = id_in(reader.text);
    if (answer->status != kCreated || id.empty())
      co_return base::fail(base::ErrorCode::kInvalid, "the gateway refused to make an agent", answer->status);
    agents.push_back({.name = std::string(agent.name), .id = id});
  }
  co_return agents;
}

}  // namespace archestra::traffic
