#include "api/tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/test_api.h"
#include "api/tool_json.h"

namespace archestra::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ToolsTest : public ApiFixture {
 protected:
  model::AgentRef agent() { return directory_->default_agent(); }
  bool declare(std::vector<model::DeclaredTool> tools, model::AgentRef of = nullptr) {
    std::vector<DeclaredTools> declared;
    declared.push_back({.agent = of ? std::move(of) : agent(), .tools = std::move(tools)});
    return api_->try_learn(std::move(declared));
  }
  bool declare(const std::string& name, model::AgentRef of = nullptr) {
    return declare({{.name = name, .description = "", .parameters = ""}}, std::move(of));
  }
  std::vector<std::string> all(const std::string& key, const std::string& query = "") {
    std::vector<std::string> found;
    const std::string body = call("GET", "/api/tools?" + query).body;
    const std::string before = "\"" + key + "\":\"";
    for (std::size_t at = 0; (at = body.find(before, at)) != std::string::npos;) {
      at += before.size();
      found.push_back(body.substr(at, body.find('"', at) - at));
    }
    return found;
  }
  std::string only_id() {
    const auto ids = all("id");
    EXPECT_EQ(ids.size(), 1u);
    return ids.empty() ? "" : ids.front();
  }
};

TEST_F(ToolsTest, AreLearnedWithoutANewSet) {
  declare({{.name = "search", .description = "Finds.", .parameters = R"({ "type": "object" })"}});
  EXPECT_TRUE(sets_.empty());
  const ServiceAnswer tool = call("GET", "/api/tools/" + only_id());
  EXPECT_EQ(tool.status, 200);
  EXPECT_THAT(tool.body,
              HasSubstr(R"("agentId":")" + std::string(kDefaultId) +
                        R"(","name":"search","description":"Finds.","parameters":{"type":"object"},)"
                        R"("resultTreatment":"untrusted","usableWithUntrustedData":false,"createdAt":")"));
  EXPECT_THAT(call("GET", "/api/tools").body, Not(HasSubstr("parameters"))) << "they may be large";
  declare({{.name = "search", .description = "Finds more.", .parameters = ""}});
  EXPECT_THAT(call("GET", "/api/tools/" + only_id()).body,
              HasSubstr(R"("description":"Finds more.","parameters":null)"));
}

TEST_F(ToolsTest, SettingsAreStoredAndPublished) {
  declare("search");
  const std::string path = "/api/tools/" + only_id();
  const ServiceAnswer changed = call("PUT", path, R"({"resultTreatment":"trusted"})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_THAT(changed.body, HasSubstr(R"("resultTreatment":"trusted","usableWithUntrustedData":false)"));
  ASSERT_EQ(sets_.size(), 1u);
  const std::string tools[] = {"search"};
  const std::string contents[] = {"x"};
  const auto is_trusted = [&] {
    return policies_->of(agent()->id).judge_result({.tools = tools, .contents = contents}).is_trusted;
  };
  EXPECT_TRUE(is_trusted());
  EXPECT_EQ(call("PUT", path, R"({"resultTreatment":"trusted"})").body, changed.body);
  EXPECT_EQ(sets_.size(), 1u) << "nothing is different";

  declare({{.name = "search", .description = "New.", .parameters = ""}});
  EXPECT_THAT(call("GET", path).body, HasSubstr(R"("description":"New.")"));
  EXPECT_THAT(call("GET", path).body, HasSubstr(R"("resultTreatment":"trusted")")) << "settings are kept";
  start();
  EXPECT_TRUE(is_trusted());

  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_FALSE(is_trusted());
  EXPECT_EQ(sets_.size(), 1u) << "published, so that shards hand it over again";
  for (const char* method : {"GET", "DELETE"}) EXPECT_EQ(call(method, path).status, 404);
  EXPECT_EQ(call("PUT", path, "{}").status, 404);
  declare("search");
  EXPECT_NE("/api/tools/" + only_id(), path) << "a new one";
  EXPECT_FALSE(is_trusted());
}

TEST_F(ToolsTest, Lists) {
  const std::string other = create(R"({"name":"B"})");
  declare("b_mail");
  declare("A");
  declare("mailbox", directory_->find(*base::Uuid::parse(other)));
  EXPECT_THAT(all("name"), ElementsAre("A", "b_mail", "mailbox"));
  EXPECT_THAT(all("name", "search=MAIL"), ElementsAre("b_mail", "mailbox"));
  EXPECT_THAT(all("name", "agentId=" + other), ElementsAre("mailbox"));
  EXPECT_THAT(all("name", "sortBy=createdAt&sortDirection=desc"), ElementsAre("mailbox", "A", "b_mail"));
  EXPECT_THAT(all("name", "limit=1&offset=1"), ElementsAre("b_mail"));
  EXPECT_THAT(call("GET", "/api/tools?limit=1").body,
              HasSubstr(R"("pagination":{"limit":1,"offset":0,"total":3}})"));
  for (const char* query : {"sortBy=tool", "agentId=null", "tool=a", "limit=0"})
    EXPECT_EQ(call("GET", std::string("/api/tools?") + query).status, 400) << query;
  EXPECT_EQ(call("POST", "/api/tools", "{}").status, 405);
}

TEST_F(ToolsTest, OfAnAgentThatIsGoneAreNot) {
  const std::string other = create(R"({"name":"B"})");
  const model::AgentRef gone = directory_->find(*base::Uuid::parse(other));
  declare("a", gone);
  declare("b");
  const std::string id = all("id", "agentId=" + other).at(0);
  call("PUT", "/api/tools/" + id, R"({"resultTreatment":"trusted"})");
  ASSERT_EQ(call("DELETE", "/api/agents/" + other).status, 204);
  EXPECT_THAT(all("name"), ElementsAre("b"));
  declare("c", gone);
  EXPECT_THAT(all("name"), ElementsAre("b")) << "a call that was under way declares for nobody";
}

TEST_F(ToolsTest, HaveALimit) {
  std::vector<model::DeclaredTool> many(kToolsOfAgentMax);
  for (std::size_t i = 0; i < many.size(); ++i) many[i].name = "t" + std::to_string(i);
  declare(many);
  declare("one more");
  EXPECT_THAT(call("GET", "/api/tools?limit=1").body, HasSubstr(R"("total":1000}})"));
  EXPECT_TRUE(all("name", "search=one").empty());
}

TEST_F(ToolsTest, WhatAStoreThatFailedDidNotTakeIsHandedOverAgain) {
  using std::chrono_literals::operator""ms;
  auto other = store::sqlite::Database::open(path(), 10ms);
  {
    const auto lock = store::sqlite::Transaction::begin(*other);
    EXPECT_FALSE(declare("a"));
  }
  EXPECT_EQ(sets_, std::vector{policies_}) << "published, so that shards hand it over again";
  EXPECT_TRUE(all("name").empty());
  EXPECT_TRUE(declare("a"));
  EXPECT_THAT(all("name"), ElementsAre("a"));
}

TEST_F(ToolsTest, ARowThatCannotBeUsedCanBeDeleted) {
  declare("a");
  const std::string path = "/api/tools/" + only_id();
  execute("UPDATE tools SET result_treatment = 'odd'");
  api_->reload_policies();
  EXPECT_THAT(call("GET", "/api/policies/status").body, HasSubstr("The tool " + path.substr(11)));
  EXPECT_EQ(call("GET", path).status, 500);
  EXPECT_EQ(call("DELETE", path).status, 204);
  EXPECT_THAT(call("GET", "/api/policies/status").body, HasSubstr(R"("error":null)"));
}

}  // namespace
}  // namespace archestra::api
