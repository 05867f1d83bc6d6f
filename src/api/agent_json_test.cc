#include "api/agent_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::api {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""us;
using ::testing::HasSubstr;
using Action = model::OnClientDisconnect::Action;

std::string fault_of(std::string_view body) {
  const auto read = read_agent(body);
  const auto* const fault = std::get_if<BodyFault>(&read);
  return fault != nullptr ? fault->message : "";
}

TEST(AgentJson, ReadsWhatIsGiven) {
  const auto read = read_agent(R"( {"labels":[{"value":"v","key":"k"},{"key":"\u00fc","value":""}],
      "name":"A \ud83e\udd16","considerContextUntrusted":true,"denyToolsInUntrustedContext":false,
      "onClientDisconnect":{"action":"drain","seconds":3600},"captureContent":true} )");
  ASSERT_TRUE(std::holds_alternative<AgentFields>(read)) << std::get<BodyFault>(read).message;
  model::Agent agent;
  agent.settings.deny_tools_in_untrusted_context = true;
  std::get<AgentFields>(read).apply_to(agent);
  EXPECT_EQ(agent.name, "A \U0001f916");
  EXPECT_EQ(agent.labels, (std::vector<model::Label>{{"k", "v"}, {"\u00fc", ""}}));
  EXPECT_EQ(agent.settings,
            (model::AgentSettings{.consider_context_untrusted = true,
                                  .deny_tools_in_untrusted_context = false,
                                  .capture_content = true,
                                  .on_client_disconnect = {.action = Action::kDrain, .drain = 3600s}}));
}

TEST(AgentJson, LeavesWhatIsNotGiven) {
  model::Agent agent;
  agent.name = "A";
  agent.labels = {{"k", "v"}};
  agent.settings = {.consider_context_untrusted = true,
                    .deny_tools_in_untrusted_context = true,
                    .capture_content = true,
                    .on_client_disconnect = {.action = Action::kDrain, .drain = 5s}};
  const model::Agent before = agent;
  std::get<AgentFields>(read_agent("{}")).apply_to(agent);
  EXPECT_EQ(agent, before);
  std::get<AgentFields>(read_agent(R"({"labels":[],"onClientDisconnect":{"action":"cancel"}})"))
      .apply_to(agent);
  EXPECT_TRUE(agent.labels.empty());
  EXPECT_EQ(agent.settings.on_client_disconnect, model::OnClientDisconnect{});
}

TEST(AgentJson, Faults) {
  const auto nested = [](std::size_t levels) {
    return "{\"name\":" + std::string(levels - 1, '[') + "1" + std::string(levels - 1, ']') + "}";
  };
  std::string many = R"({"labels":[)";
  for (int i = 0; i < 33; ++i) many += std::string(i == 0 ? "" : ",") + "{}";
  many += "]}";
  const std::pair<std::string, const char*> table[] = {
      {"", "The body is empty"},
      {"  ", "The body is empty"},
      {"{", "not valid JSON"},
      {R"({"name":"A"} x)", "not valid JSON"},
      {R"({"name":"A",})", "not valid JSON"},
      {"{'name':'A'}", "not valid JSON"},
      {"{\"name\":\"\xff\"}", "not valid UTF-8"},
      {R"({"name":"\ud800"})", "not valid"},
      {R"({"name":"\udc00"})", "not valid"},
      {nested(16), "\"name\" must be a string, not a list"},
      {nested(17), "nested deeper than 16 levels"},
      {nested(100'000), "nested deeper than 16 levels"},
      {"[]", "must be a JSON object, not a list"},
      {"7", "must be a JSON object, not a number"},
      {"null", "must be a JSON object, not null"},
      {R"({"name":"A","colour":1,"id":"x"})", "\"colour\", \"id\" are no fields of an agent that can be set"},
      {R"({"Name":"A"})", "\"Name\" is no field of an agent"},
      {R"({"name":"A","name":"B"})", "\"name\" occurs twice in an agent"},
      {R"({"name":"A","n\u0061me":"B"})", "\"name\" occurs twice"},
      {R"({"name":7})", "\"name\" must be a string, not a number"},
      {R"({"name":null})", "\"name\" must be a string, not null"},
      {R"({"name":""})", "The name is empty"},
      {R"({"name":"a\u0000b"})", "control characters"},
      {R"({"labels":{}})", "\"labels\" must be a list of objects with key and value, not an object"},
      {R"({"labels":["x"]})", "\"labels[0]\" must be an object with key and value, not a string"},
      {R"({"labels":[{"key":"a","value":"b"},{"key":"c"}]})", "\"labels[1].value\" is missing"},
      {R"({"labels":[{"key":1,"value":"b"}]})", "\"labels[0].key\" must be a string, not a number"},
      {R"({"labels":[{"key":"a","value":true}]})", "\"labels[0].value\" must be a string, not a boolean"},
      {R"({"labels":[{"key":"a","value":"b","x":1}]})", "\"x\" is no field of labels[0]"},
      {R"({"labels":[{"key":"a","key":"b","value":""}]})", "\"key\" occurs twice in labels[0]"},
      {R"({"labels":[{"key":"outcome","value":""}]})", "\"outcome\" collides with the label"},
      {R"({"labels":[{"key":"le","value":""}]})", "\"le\" collides"},
      {R"({"labels":[{"key":"instance","value":""}]})", "\"instance\" collides"},
      {R"({"labels":[{"key":"agent.name","value":""}]})", "\"agent.name\" becomes \"agent_name\" in metrics"},
      {R"({"labels":[{"key":"a.b","value":""},{"key":"a b","value":""}]})", "both become \"a_b\""},
      {many, "There are 33 labels; an agent may have 32"},
      {R"({"considerContextUntrusted":"true"})",
       "\"considerContextUntrusted\" must be true or false, not a string"},
      {R"({"denyToolsInUntrustedContext":1})", "must be true or false, not a number"},
      {R"({"captureContent":null})", "\"captureContent\" must be true or false, not null"},
      {R"({"onClientDisconnect":"drain"})", "\"onClientDisconnect\" must be {\"action\":\"cancel\"} or"},
      {R"({"onClientDisconnect":{}})", "\"onClientDisconnect.action\" is missing"},
      {R"({"onClientDisconnect":{"action":"wait"}})",
       "\"onClientDisconnect.action\" must be cancel or drain"},
      {R"({"onClientDisconnect":{"action":"drain"}})", "\"onClientDisconnect.seconds\" is missing"},
      {R"({"onClientDisconnect":{"action":"drain","seconds":0}})", "whole number from 1 to 3600"},
      {R"({"onClientDisconnect":{"action":"drain","seconds":3601}})", "whole number from 1 to 3600"},
      {R"({"onClientDisconnect":{"action":"drain","seconds":1.5}})", "whole number from 1 to 3600"},
      {R"({"onClientDisconnect":{"action":"drain","seconds":"9"}})", "whole number from 1 to 3600"},
      {R"({"onClientDisconnect":{"action":"cancel","seconds":9}})", "goes with the action drain only"},
  };
  for (const auto& [body, fault] : table)
    EXPECT_THAT(fault_of(body), HasSubstr(fault)) << body.substr(0, 200);
}

TEST(AgentJson, MessagesStayShort) {
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += "\"" + std::string(200, 'x') + std::to_string(i) + "\":1,";
  many += "\"y\":1}";
  EXPECT_LT(fault_of(many).size(), 1000u);
}

TEST(AgentJson, Shows) {
  model::Agent agent = *model::make_agent({}, "A \"quoted\"", {{"k", "v"}, {"l", "\n"}});
  agent.is_default = true;
  agent.created = base::WallTime(1'700'000'000s);
  agent.updated = base::WallTime(1'700'000'000s + 1us);
  agent.settings.capture_content = true;
  agent.settings.on_client_disconnect = {.action = Action::kDrain, .drain = 30s};
  std::string out;
  append_agent(out, agent);
  EXPECT_EQ(out, R"({"id":"00000000-0000-0000-0000-000000000000","name":"A \"quoted\"","isDefault":true,)"
                 R"("labels":[{"key":"k","value":"v"},{"key":"l","value":"\n"}],)"
                 R"("considerContextUntrusted":false,"denyToolsInUntrustedContext":false,)"
                 R"("onClientDisconnect":{"action":"drain","seconds":30},"captureContent":true,)"
                 R"("createdAt":"2023-11-14T22:13:20.000000Z","updatedAt":"2023-11-14T22:13:20.000001Z"})");
  out.clear();
  append_agent(out, *model::make_agent({}, "B"));
  EXPECT_THAT(out, HasSubstr(R"("labels":[],)"));
  EXPECT_THAT(out, HasSubstr(R"("onClientDisconnect":{"action":"cancel"},)"));
}

}  // namespace
}  // namespace archestra::api
