#include "api/policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/test_api.h"

namespace archestra::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kInvocationPath = "/api/tool-invocation-policies";
constexpr const char* kTrustedPath = "/api/trusted-data-policies";
constexpr const char* kBlock = R"({"tool":"send","action":"block_always","reason":"No."})";

class PoliciesTest : public ApiFixture {
 protected:
  bool blocks(std::string_view agent, std::string_view tool, std::string_view arguments = "{}") {
    const auto decision = policies_->of(*base::Uuid::parse(agent))
                              .judge({.name = tool, .arguments = arguments}, {}, policy::Context::kTrusted);
    return decision.decision == call::Decision::kBlocked;
  }
  std::string block(const std::string& fields = "") {
    return create_at(kInvocationPath, R"({"tool":"send","action":"block_always")" + fields + "}");
  }
  static std::string at(const char* path, const std::string& id) { return std::string(path) + "/" + id; }
  std::string status() { return call("GET", "/api/policies/status").body; }
};

TEST_F(PoliciesTest, WritesAreStoredPublishedAndAnswered) {
  EXPECT_FALSE(blocks(kDefaultId, "send"));
  const ServiceAnswer made = call("POST", kInvocationPath, kBlock);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_THAT(made.body, HasSubstr(R"("agentId":null,"tool":"send","conditions":[],"action":"block_always",)"
                                   R"("reason":"No.","mode":"enforce","createdAt":")"));
  const std::string id = made.body.substr(7, kDefaultId.size());
  EXPECT_EQ(made.extra_fields, "Location: /api/tool-invocation-policies/" + id + "\r\n");
  EXPECT_EQ(sets_.size(), 1u);
  EXPECT_TRUE(blocks(kDefaultId, "send"));
  EXPECT_EQ(call("GET", at(kInvocationPath, id)).body, made.body);

  const ServiceAnswer changed = call("PUT", at(kInvocationPath, id),
                                     R"({"conditions":[{"key":"to","operator":"regex","value":"^a"}]})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_THAT(changed.body, HasSubstr(R"("reason":"No.")"));
  EXPECT_EQ(sets_.size(), 2u);
  EXPECT_TRUE(blocks(kDefaultId, "send", R"({"to":"abc"})"));
  EXPECT_FALSE(blocks(kDefaultId, "send", R"({"to":"xyz"})"));

  start();
  EXPECT_EQ(call("GET", at(kInvocationPath, id)).body, changed.body) << "it was stored";
  EXPECT_TRUE(blocks(kDefaultId, "send", R"({"to":"abc"})")) << "and is in force from the start";

  EXPECT_EQ(call("DELETE", at(kInvocationPath, id)).status, 204);
  EXPECT_FALSE(blocks(kDefaultId, "send", R"({"to":"abc"})"));
  for (const char* method : {"GET", "DELETE"}) {
    EXPECT_EQ(call(method, at(kInvocationPath, id)).status, 404);
    EXPECT_EQ(call(method, at(kTrustedPath, id)).status, 404);
  }
  EXPECT_EQ(call("PUT", at(kInvocationPath, id), "{}").status, 404);
}

TEST_F(PoliciesTest, TrustedDataPoliciesLikewise) {
  const std::string id =
      create_at(kTrustedPath, R"({"tool":"read","action":"block_always","description":"Secret","agentId":")" +
                                  std::string(kDefaultId) + "\"}");
  const std::string tools[] = {"read"};
  const std::string contents[] = {"x"};
  const auto judged = [&] {
    return policies_->of(*base::Uuid::parse(kDefaultId)).judge_result({.tools = tools, .contents = contents});
  };
  EXPECT_EQ(judged().blocked_by, "Secret");
  EXPECT_EQ(call("PUT", at(kTrustedPath, id), R"({"action":"mark_as_trusted"})").status, 200);
  EXPECT_EQ(judged().blocked_by, std::nullopt);
  EXPECT_THAT(call("GET", kTrustedPath).body,
              HasSubstr(R"("action":"mark_as_trusted","description":"Secret","createdAt")"));
  EXPECT_EQ(call("DELETE", at(kTrustedPath, id)).status, 204);
}

TEST_F(PoliciesTest, AnUpdateThatChangesNothingIsNone) {
  const std::string id = block();
  const ServiceAnswer before = call("GET", at(kInvocationPath, id));
  EXPECT_EQ(call("PUT", at(kInvocationPath, id), R"({"tool":"send","agentId":null})").body, before.body);
  EXPECT_EQ(sets_.size(), 1u);
}

TEST_F(PoliciesTest, WhatCannotBeIsRefusedByItsField) {
  const std::string id = block();
  const std::pair<std::string, const char*> table[] = {
      {R"("agentId":"00000000-0000-4000-8000-0000000000ff")", R"(\"agentId\" is the id of no agent.)"},
      {R"("tool":"")", "The tool's name"},
      {R"("conditions":[{"key":"to","operator":"regex","value":"a("}])", "Condition 1: The pattern is no"},
      {R"("conditions":[{"key":"to","operator":"regex","value":"a("}])", "missing ): a("},
      {R"("conditions":[{"key":"to[","operator":"equal","value":""}])", R"(Condition 1: The key \"to[\")"},
      {R"("mode":"off")", R"(\"mode\" must be one of)"},
  };
  for (const auto& [field, message] : table) {
    const ServiceAnswer put = call("PUT", at(kInvocationPath, id), "{" + field + "}");
    EXPECT_EQ(put.status, 400) << field;
    EXPECT_EQ(put.error_type, "invalid_request");
    EXPECT_THAT(put.body, HasSubstr(message));
    std::string whole = R"({"action":"block_always",)" + field;
    if (!field.starts_with(R"("tool")")) whole += R"(,"tool":"x")";
    const ServiceAnswer post = call("POST", kInvocationPath, whole + "}");
    EXPECT_EQ(post.body, put.body);
  }
  EXPECT_THAT(call("POST", kInvocationPath, R"({"action":"block_always"})").body,
              HasSubstr("\\\"tool\\\" is missing"));
  EXPECT_THAT(call("POST", kInvocationPath, R"({"tool":"x"})").body, HasSubstr("\\\"action\\\" is missing"));
  EXPECT_EQ(sets_.size(), 1u) << "nothing of it was done";
}

TEST_F(PoliciesTest, Lists) {
  const std::string agent = create(R"({"name":"A"})");
  const auto make = [&](const std::string& tool, const std::string& of) {
    create_at(kInvocationPath, R"({"tool":")" + tool + R"(","action":"block_always","agentId":)" + of + "}");
  };
  make("b", "null");
  make("a", "\"" + agent + "\"");
  make("c", "\"" + agent + "\"");
  make("a", "\"" + std::string(kDefaultId) + "\"");
  const auto tools = [&](const std::string& query) {
    std::vector<std::string> found;
    const std::string body = call("GET", std::string(kInvocationPath) + "?" + query).body;
    for (std::size_t at = 0; (at = body.find(R"("tool":")", at)) != std::string::npos;) {
      at += 8;
      found.push_back(body.substr(at, body.find('"', at) - at));
    }
    return found;
  };
  EXPECT_THAT(tools(""), ElementsAre("b", "a", "c", "a")) << "as they were made";
  EXPECT_THAT(tools("sortDirection=desc"), ElementsAre("a", "c", "a", "b"));
  EXPECT_THAT(tools("sortBy=tool"), ElementsAre("a", "a", "b", "c"));
  EXPECT_THAT(tools("sortBy=updatedAt&limit=2&offset=1"), ElementsAre("a", "c"));
  EXPECT_THAT(tools("agentId=" + agent), ElementsAre("a", "c"));
  EXPECT_THAT(tools("agentId=null"), ElementsAre("b"));
  EXPECT_THAT(tools("tool=a"), ElementsAre("a", "a"));
  EXPECT_THAT(tools("tool=a&agentId=" + agent), ElementsAre("a"));
  EXPECT_THAT(tools("tool=A"), ElementsAre());
  EXPECT_THAT(call("GET", std::string(kInvocationPath) + "?limit=1").body,
              HasSubstr(R"("pagination":{"limit":1,"offset":0,"total":4}})"));
  for (const char* query : {"sortBy=name", "agentId=me", "agentId=", "search=a", "limit=0"})
    EXPECT_EQ(call("GET", std::string(kInvocationPath) + "?" + query).status, 400) << query;
}

TEST_F(PoliciesTest, AnAgentTakesItsOwnAlong) {
  const std::string agent = create(R"({"name":"A"})");
  const std::string own = block(R"(,"agentId":")" + agent + "\"");
  const std::string of_all = block();
  EXPECT_THAT(status(), HasSubstr(R"("policies":2)"));
  ASSERT_EQ(call("DELETE", "/api/agents/" + agent).status, 204);
  EXPECT_EQ(call("GET", at(kInvocationPath, own)).status, 404);
  EXPECT_EQ(call("GET", at(kInvocationPath, of_all)).status, 200);
  EXPECT_THAT(status(), HasSubstr(R"("policies":1)"));
  start();
  EXPECT_THAT(call("GET", kInvocationPath).body, HasSubstr(R"("total":1)"));
}

TEST_F(PoliciesTest, AStoreThatFailsChangesNothing) {
  const std::string id = block();
  using std::chrono_literals::operator""ms;
  auto other = store::sqlite::Database::open(path(), 10ms);
  {
    const auto lock = store::sqlite::Transaction::begin(*other);
    for (const ServiceAnswer& answer :
         {call("POST", kInvocationPath, kBlock), call("PUT", at(kInvocationPath, id), R"({"tool":"y"})"),
          call("DELETE", at(kInvocationPath, id))}) {
      EXPECT_EQ(answer.status, 503);
      EXPECT_EQ(answer.error_type, "store_unavailable");
    }
  }
  EXPECT_EQ(sets_.size(), 1u);
  EXPECT_THAT(call("GET", kInvocationPath).body, HasSubstr(R"("total":1)"));
  EXPECT_THAT(status(), HasSubstr(R"("error":null)")) << "what is stored is in force";
}

TEST_F(PoliciesTest, ARowThatCannotBeUsedLeavesTheLastGoodSet) {
  const std::string good = block();
  const std::string bad = block(R"(,"conditions":[{"key":"a","operator":"regex","value":"x"}])");
  const std::size_t sets = sets_.size();
  const std::string path_of_bad = at(kInvocationPath, bad);
  execute("UPDATE tool_invocation_conditions SET condition_value = '('");

  const ServiceAnswer refused = call("POST", kTrustedPath, R"({"tool":"x","action":"mark_as_trusted"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.error_type, "conflict");
  EXPECT_THAT(refused.body, HasSubstr("Nothing was changed"));
  EXPECT_THAT(refused.body, HasSubstr("tool invocation policy " + bad));
  EXPECT_THAT(refused.body, HasSubstr("missing ): ("));
  EXPECT_EQ(sets_.size(), sets);
  EXPECT_TRUE(blocks(kDefaultId, "send"));
  EXPECT_THAT(status(), HasSubstr(R"("policies":2,"error":{"id":")" + bad + "\""));
  EXPECT_THAT(call("GET", kTrustedPath).body, HasSubstr(R"("total":0)"));
  EXPECT_EQ(call("PUT", at(kInvocationPath, good), R"({"reason":"y"})").status, 409);
  EXPECT_EQ(call("DELETE", at(kInvocationPath, good)).status, 409);

  // Any change that mends it goes through, also one to what is in force already.
  EXPECT_EQ(call("PUT", path_of_bad, R"({"tool":"send"})").status, 200);
  EXPECT_THAT(status(), HasSubstr(R"("error":null)"));
  EXPECT_EQ(sets_.size(), sets + 1);
  EXPECT_EQ(call("POST", kTrustedPath, R"({"tool":"x","action":"mark_as_trusted"})").status, 201);
}

TEST_F(PoliciesTest, ARowThatCannotBeUsedCanBeDeleted) {
  execute(
      "INSERT INTO tool_invocation_policies VALUES ('00000000-0000-4000-8000-0000000000aa', NULL, 'x', "
      "'explode', '', 'enforce', 0, 0)");
  const std::string path = at(kInvocationPath, "00000000-0000-4000-8000-0000000000aa");
  EXPECT_EQ(call("DELETE", path).status, 404) << "nobody has looked yet";
  api_->reload_policies();
  EXPECT_THAT(status(), HasSubstr("There is no action \\\"explode\\\"."));
  EXPECT_EQ(call("GET", path).status, 404) << "it is not in force";
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_THAT(status(), HasSubstr(R"("error":null)"));
}

TEST_F(PoliciesTest, AReloadTakesWhatAnotherProgramWrote) {
  const std::string id = block();
  execute("UPDATE tool_invocation_policies SET tool = 'other'");
  EXPECT_TRUE(blocks(kDefaultId, "send"));
  api_->reload_policies();
  EXPECT_FALSE(blocks(kDefaultId, "send"));
  EXPECT_TRUE(blocks(kDefaultId, "other"));
  EXPECT_THAT(call("GET", at(kInvocationPath, id)).body, HasSubstr(R"("tool":"other")"));

  execute("UPDATE tool_invocation_policies SET mode = 'x', tool = 'third'");
  api_->reload_policies();
  EXPECT_TRUE(blocks(kDefaultId, "other")) << "the last good one";
  EXPECT_THAT(status(), HasSubstr("There is no mode"));
  execute("UPDATE tool_invocation_policies SET mode = 'enforce'");
  api_->reload_policies();
  EXPECT_TRUE(blocks(kDefaultId, "third"));
  EXPECT_THAT(status(), HasSubstr(R"("error":null)"));
}

TEST_F(PoliciesTest, AReloadOfAStoreThatFailsIsTold) {
  execute("ALTER TABLE tool_invocation_conditions RENAME TO elsewhere");
  api_->reload_policies();
  EXPECT_THAT(status(), HasSubstr(R"("error":{"id":null,"message":"The store failed)"));
}

TEST_F(PoliciesTest, WhatWasAtFaultMayGoWithItsAgent) {
  const std::string agent = create(R"({"name":"A"})");
  block(R"(,"agentId":")" + agent + "\"");
  execute("UPDATE tool_invocation_policies SET mode = 'x'");
  api_->reload_policies();
  EXPECT_THAT(status(), Not(HasSubstr(R"("error":null)")));
  ASSERT_EQ(call("DELETE", "/api/agents/" + agent).status, 204);
  EXPECT_THAT(status(), HasSubstr(R"("policies":0,"error":null)"));
}

TEST_F(PoliciesTest, AtTheStartABadRowIsAFaultThatNamesIt) {
  const std::string id = block();
  execute("UPDATE tool_invocation_policies SET action = 'x'");
  using std::chrono_literals::operator""ms;
  auto store = store::Store::open(path(), 10ms);
  const auto compiled = compile_policies(store->policies().value());
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().id, id);
  EXPECT_EQ(compiled.error().message,
            "The tool invocation policy " + id + " cannot be used. There is no action \"x\".");
}

TEST_F(PoliciesTest, NoShardHasToDestroyASet) {
  std::vector<std::weak_ptr<const policy::PolicySet>> seen;
  block();
  seen.emplace_back(policies_);
  const policy::PolicySetRef call_under_way = policies_;
  sets_.clear();
  block();
  seen.emplace_back(policies_);
  sets_.clear();
  block();
  sets_.clear();
  EXPECT_TRUE(seen[1].expired()) << "nobody had it any more";
  EXPECT_GT(call_under_way.use_count(), 1) << "not the last one to hold it";
}

TEST_F(PoliciesTest, ASetThatACallHeldGoesWithTheNextRequest) {
  block();
  std::weak_ptr<const policy::PolicySet> seen = policies_;
  policy::PolicySetRef call_under_way = policies_;
  block();
  sets_.clear();
  call_under_way.reset();
  EXPECT_FALSE(seen.expired());
  call("GET", kInvocationPath);
  EXPECT_TRUE(seen.expired());
}

TEST_F(PoliciesTest, HaveALimit) {
  execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
          std::to_string(kPoliciesMax - 1) +
          ") INSERT INTO trusted_data_policies SELECT printf('00000000-0000-4000-9000-%012x', i), NULL, 'x', "
          "'block_always', '', 0, 0 FROM n");
  api_->reload_policies();
  block();
  const ServiceAnswer refused = call("POST", kInvocationPath, kBlock);
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("There are 10000 policies"));
}

TEST_F(PoliciesTest, Operators) {
  const ServiceAnswer answer = call("GET", "/api/policy-operators");
  EXPECT_EQ(answer.status, 200);
  for (const std::string_view name : model::kOperatorNames)
    EXPECT_THAT(answer.body, HasSubstr(R"({"name":")" + std::string(name) + R"(","description":")"));
}

}  // namespace
}  // namespace archestra::api
