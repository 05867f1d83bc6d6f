#include "model/agent_directory.h"

#include <gtest/gtest.h>

#include <string>

namespace archestra::model {
namespace {

AgentRef make(std::uint16_t number, bool is_default = false) {
  Agent agent;
  agent.id.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  agent.id.bytes[15] = static_cast<std::uint8_t>(number);
  agent.name = std::to_string(number);
  agent.is_default = is_default;
  return std::make_shared<const Agent>(agent);
}

TEST(AgentDirectory, FindsEachOfManyAndNobodyElse) {
  std::vector<AgentRef> agents{make(0, true)};
  for (std::uint16_t i = 1; i < 5000; ++i) agents.push_back(make(i));
  const AgentDirectory directory(agents);
  for (const AgentRef& agent : agents) EXPECT_EQ(directory.find(agent->id), agent);
  for (std::uint16_t i = 5000; i < 10000; ++i) EXPECT_EQ(directory.find(make(i)->id), nullptr);
  EXPECT_EQ(directory.default_agent(), agents[0]);
}

TEST(AgentDirectory, ChangesShareWhatStayedTheSame) {
  const AgentDirectory first({make(0, true), make(1), make(2)});
  const AgentRef changed = make(1);
  const AgentDirectory second = first.with(changed);
  EXPECT_EQ(second.find(changed->id), changed);
  EXPECT_NE(first.find(changed->id), changed) << "a snapshot does not change";
  EXPECT_EQ(second.find(make(2)->id), first.find(make(2)->id)) << "the very same object";
  EXPECT_EQ(second.default_agent(), first.default_agent());

  const AgentDirectory third = second.with(make(3));
  EXPECT_EQ(third.all().size(), 4u);
  EXPECT_NE(third.find(make(3)->id), nullptr);

  const AgentDirectory fourth = third.without(changed->id);
  EXPECT_EQ(fourth.all().size(), 3u);
  EXPECT_EQ(fourth.find(changed->id), nullptr);
  EXPECT_EQ(fourth.find(make(3)->id), third.find(make(3)->id));
}

TEST(AgentDirectory, TheDefaultAgentCanChange) {
  const AgentDirectory first({make(0, true), make(1)});
  const AgentRef changed = make(0, true);
  EXPECT_EQ(first.with(changed).default_agent(), changed);
}

TEST(AgentDirectoryDeathTest, ItsBeliefs) {
  EXPECT_DEATH(AgentDirectory({make(1)}), "default");
  EXPECT_DEATH(AgentDirectory({make(0, true), make(1, true)}), "one default");
  EXPECT_DEATH(AgentDirectory({make(0, true), make(0)}), "same id");
}

}  // namespace
}  // namespace archestra::model
