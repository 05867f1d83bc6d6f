#include "api/policy_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::api {
namespace {

using model::ToolInvocationPolicy;
using model::TrustedDataPolicy;
using std::chrono_literals::operator""s;
using ::testing::HasSubstr;

constexpr std::string_view kAgent = "00000000-0000-4000-8000-00000000000a";

template <class Policy>
std::string fault_of(std::string_view body) {
  const auto read = read_policy<Policy>(body);
  const auto* const fault = std::get_if<BodyFault>(&read);
  return fault != nullptr ? fault->message : "";
}

template <class Policy>
Policy applied(std::string_view body, Policy policy = {}) {
  const auto read = read_policy<Policy>(body);
  if (const auto* fault = std::get_if<BodyFault>(&read)) ADD_FAILURE() << fault->message;
  std::get<PolicyFields<Policy>>(read).apply_to(policy);
  return policy;
}

template <class Policy>
std::string shown(const Policy& policy) {
  std::string out;
  append_policy(out, policy);
  return out;
}

TEST(PolicyJson, ReadsAndShowsTheSame) {
  const std::string fields = R"("agentId":"00000000-0000-4000-8000-00000000000a","tool":"send \"it\"",)"
                             R"("conditions":[{"key":"to[0]","operator":"regex","value":"^a\\.b$"},)"
                             R"({"key":"","operator":"equal","value":""}],)"
                             R"("action":"block_when_context_is_untrusted","reason":"No.","mode":"observe")";
  ToolInvocationPolicy policy = applied<ToolInvocationPolicy>("{" + fields + "}");
  policy.created = policy.updated = base::WallTime(1s);
  EXPECT_EQ(shown(policy), R"({"id":"00000000-0000-0000-0000-000000000000",)" + fields +
                               R"(,"createdAt":"1970-01-01T00:00:01.000000Z",)"
                               R"("updatedAt":"1970-01-01T00:00:01.000000Z"})");

  const std::string others = R"("agentId":null,"tool":"x","conditions":[],"action":"mark_as_untrusted",)"
                             R"("description":"ü")";
  EXPECT_EQ(shown(applied<TrustedDataPolicy>("{" + others + "}")),
            R"({"id":"00000000-0000-0000-0000-000000000000",)" + others +
                R"(,"createdAt":"1970-01-01T00:00:00.000000Z","updatedAt":"1970-01-01T00:00:00.000000Z"})");
}

TEST(PolicyJson, KnowsEveryName) {
  for (std::size_t i = 0; i < model::kInvocationActionNames.size(); ++i)
    EXPECT_EQ(applied<ToolInvocationPolicy>(R"({"action":")" + std::string(model::kInvocationActionNames[i]) +
                                            "\"}")
                  .action,
              static_cast<model::InvocationAction>(i));
  for (std::size_t i = 0; i < model::kTrustActionNames.size(); ++i)
    EXPECT_EQ(applied<TrustedDataPolicy>(R"({"action":")" + std::string(model::kTrustActionNames[i]) + "\"}")
                  .action,
              static_cast<model::TrustAction>(i));
  for (std::size_t i = 0; i < model::kOperatorNames.size(); ++i)
    EXPECT_EQ(
        applied<TrustedDataPolicy>(R"({"conditions":[{"key":"k","value":"v","operator":")" +
                                   std::string(model::kOperatorNames[i]) + "\"}]}")
            .conditions,
        (std::vector<model::Condition>{{.key = "k", .op = static_cast<model::Operator>(i), .value = "v"}}));
}

TEST(PolicyJson, LeavesWhatIsNotGiven) {
  const ToolInvocationPolicy before{
      .id = {},
      .agent_id = base::Uuid::parse(kAgent),
      .tool = "x",
      .conditions = {{.key = "k", .op = model::Operator::kContains, .value = "v"}},
      .action = model::InvocationAction::kAllowWhenContextIsUntrusted,
      .reason = "r",
      .mode = model::PolicyMode::kObserve};
  EXPECT_EQ(applied("{}", before), before);
  const auto after = applied(R"({"agentId":null,"conditions":[],"mode":"enforce"})", before);
  EXPECT_EQ(after.agent_id, std::nullopt);
  EXPECT_TRUE(after.conditions.empty());
  EXPECT_EQ(after.mode, model::PolicyMode::kEnforce);
  EXPECT_EQ(after.reason, "r");
}

TEST(PolicyJson, Faults) {
  std::string many = R"({"conditions":[)";
  for (int i = 0; i < 33; ++i) many += std::string(i == 0 ? "" : ",") + "{}";
  many += "]}";
  const std::pair<std::string, const char*> table[] = {
      {"[]", "must be a JSON object, not a list"},
      {R"({"tools":"x"})", "\"tools\" is no field of a tool invocation policy"},
      {R"({"description":"x"})", "\"description\" is no field"},
      {R"({"id":"x"})", "\"id\" is no field"},
      {R"({"tool":"a","tool":"b"})", "\"tool\" occurs twice"},
      {R"({"tool":1})", "\"tool\" must be a string, not a number"},
      {R"({"reason":null})", "\"reason\" must be a string, not null"},
      {R"({"agentId":7})", "\"agentId\" must be the id of an agent, or null for all agents, not a number"},
      {R"({"agentId":"me"})", "\"agentId\" is not a UUID"},
      {R"({"agentId":""})", "\"agentId\" is not a UUID"},
      {R"({"action":"allow"})",
       "\"action\" must be one of block_always, block_when_context_is_untrusted, "
       "allow_when_context_is_untrusted."},
      {R"({"action":"mark_as_trusted"})", "\"action\" must be one of"},
      {R"({"mode":"off"})", "\"mode\" must be one of enforce, observe."},
      {R"({"conditions":{}})",
       "\"conditions\" must be a list of objects with key, operator and value, not an object"},
      {R"({"conditions":["a"]})",
       "\"conditions[0]\" must be an object with key, operator and value, not a string"},
      {R"({"conditions":[{"key":"","operator":"equal","value":""},{"key":"","value":""}]})",
       "\"conditions[1].operator\" is missing."},
      {R"({"conditions":[{"operator":"equal","value":""}]})", "\"conditions[0].key\" is missing."},
      {R"({"conditions":[{"key":"a","operator":"equal"}]})", "\"conditions[0].value\" is missing."},
      {R"({"conditions":[{"key":"a","operator":"like","value":""}]})",
       "\"conditions[0].operator\" must be one of equal, notEqual, contains, notContains, startsWith, "
       "endsWith, regex."},
      {R"({"conditions":[{"key":"a","operator":"equal","value":5}]})",
       "\"conditions[0].value\" must be a string, not a number"},
      {R"({"conditions":[{"key":"a","operator":"equal","value":"","or":1}]})",
       "\"or\" is no field of conditions[0]"},
      {many, "There are 33 conditions; a policy may have 32."},
  };
  for (const auto& [body, message] : table)
    EXPECT_THAT(fault_of<ToolInvocationPolicy>(body), HasSubstr(message)) << body;
  EXPECT_THAT(fault_of<TrustedDataPolicy>(R"({"mode":"enforce"})"),
              HasSubstr("\"mode\" is no field of a trusted"));
  EXPECT_THAT(fault_of<TrustedDataPolicy>(R"({"reason":""})"), HasSubstr("\"reason\" is no field"));
  EXPECT_THAT(fault_of<TrustedDataPolicy>(R"({"action":"allow"})"),
              HasSubstr("mark_as_trusted, mark_as_untrusted, block_always."));
}

}  // namespace
}  // namespace archestra::api
