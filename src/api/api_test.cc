#include "api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "api/admin_token.h"
#include "api/test_api.h"
#include "store/sqlite/database.h"

namespace archestra::api {
namespace {

using std::chrono_literals::operator""ms;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ApiTest : public ApiFixture {};

TEST_F(ApiTest, TheDefaultAgentIsThere) {
  const ServiceAnswer answer = call("GET", "/api/agents/" + std::string(kDefaultId));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("name":"Default Agent","isDefault":true)"));
  const ServiceAnswer refused = call("DELETE", "/api/agents/" + std::string(kDefaultId));
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("default agent"));
  EXPECT_TRUE(published_.empty());
}

TEST_F(ApiTest, WritesAreStoredPublishedAndAnswered) {
  const std::string id = create(R"({"name":"A","labels":[{"key":"team","value":"x"}]})");
  ASSERT_EQ(published_.size(), 1u);
  EXPECT_EQ(published_[0].before, nullptr);
  EXPECT_EQ(published_[0].after->name, "A");
  EXPECT_EQ(published_[0].directory->find(published_[0].after->id), published_[0].after);

  const ServiceAnswer changed = call("PUT", "/api/agents/" + id, R"({"name":"B"})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_THAT(changed.body,
              HasSubstr(R"("name":"B","isDefault":false,"labels":[{"key":"team","value":"x"}])"));
  ASSERT_EQ(published_.size(), 2u);
  EXPECT_EQ(published_[1].before, published_[0].after);
  EXPECT_EQ(published_[1].after->created, published_[0].after->created);
  EXPECT_GE(published_[1].after->updated, published_[0].after->updated);
  EXPECT_EQ(published_[1].directory->default_agent(), published_[0].directory->default_agent()) << "the same";

  start();
  EXPECT_THAT(call("GET", "/api/agents/" + id).body, HasSubstr(R"("name":"B")")) << "it was stored";

  const ServiceAnswer gone = call("DELETE", "/api/agents/" + id);
  EXPECT_EQ(gone.status, 204);
  EXPECT_EQ(gone.body, "");
  EXPECT_EQ(published_.back().after, nullptr);
  EXPECT_EQ(published_.back().before->name, "B");
  EXPECT_EQ(call("GET", "/api/agents/" + id).status, 404);
  EXPECT_EQ(call("PUT", "/api/agents/" + id, "{}").status, 404);
  EXPECT_EQ(call("DELETE", "/api/agents/" + id).status, 404);
}

TEST_F(ApiTest, AnUpdateThatChangesNothingIsNone) {
  const std::string id = create(R"({"name":"A"})");
  const ServiceAnswer before = call("GET", "/api/agents/" + id);
  EXPECT_EQ(call("PUT", "/api/agents/" + id, R"({"name":"A","captureContent":false})").body, before.body);
  EXPECT_EQ(published_.size(), 1u);
}

TEST_F(ApiTest, AStoreThatFailsChangesNothing) {
  const std::string id = create(R"({"name":"A"})");
  auto other = store::sqlite::Database::open(path(), 10ms);
  ASSERT_TRUE(other);
  {
    const auto lock = store::sqlite::Transaction::begin(*other);
    for (const ServiceAnswer& answer :
         {call("POST", "/api/agents", R"({"name":"B"})"), call("PUT", "/api/agents/" + id, R"({"name":"B"})"),
          call("DELETE", "/api/agents/" + id)}) {
      EXPECT_EQ(answer.status, 503);
      EXPECT_THAT(answer.body, HasSubstr("another process has the database locked"));
      EXPECT_THAT(answer.extra_fields, HasSubstr("Retry-After: 1\r\n"));
      EXPECT_EQ(answer.error_type, "store_unavailable");
    }
  }
  EXPECT_EQ(published_.size(), 1u);
  EXPECT_THAT(call("GET", "/api/agents").body, HasSubstr(R"("total":2)"));
  EXPECT_EQ(call("PUT", "/api/agents/" + id, R"({"name":"B"})").status, 200);
}

TEST_F(ApiTest, Lists) {
  call("PUT", "/api/agents/" + std::string(kDefaultId), R"({"name":"m"})");
  const std::string b = create(R"({"name":"b"})");
  create(R"({"name":"Apple"})");
  create(R"({"name":"z"})");
  const auto names = [&](const std::string& query) {
    std::vector<std::string> found;
    std::string body = call("GET", "/api/agents?" + query).body;
    for (std::size_t at = 0; (at = body.find(R"("name":")", at)) != std::string::npos;) {
      at += 8;
      found.push_back(body.substr(at, body.find('"', at) - at));
    }
    return found;
  };
  EXPECT_THAT(names(""), ElementsAre("Apple", "b", "m", "z"));
  EXPECT_THAT(names("sortDirection=desc"), ElementsAre("z", "m", "b", "Apple"));
  EXPECT_THAT(names("sortBy=createdAt"), ElementsAre("m", "b", "Apple", "z"));
  call("PUT", "/api/agents/" + b, R"({"captureContent":true})");
  EXPECT_THAT(names("sortBy=updatedAt&sortDirection=desc&limit=1"), ElementsAre("b"));
  EXPECT_THAT(names("limit=2&offset=1"), ElementsAre("b", "m"));
  EXPECT_THAT(names("offset=9"), ElementsAre());
  EXPECT_THAT(names("search=aPP"), ElementsAre("Apple"));
  EXPECT_THAT(call("GET", "/api/agents?limit=2&offset=1").body,
              HasSubstr(R"("pagination":{"limit":2,"offset":1,"total":4}})"));
  EXPECT_THAT(call("GET", "/api/agents?offset=9").body, HasSubstr(R"({"data":[],"pagination")"));
  for (const char* query : {"limit=0", "sortBy=colour", "sortDirection=up", "page=1", "limit=1&limit=2"})
    EXPECT_EQ(call("GET", std::string("/api/agents?") + query).status, 400) << query;
}

TEST_F(ApiTest, LabelKeysAndValues) {
  create(R"({"name":"A","labels":[{"key":"team","value":"x"},{"key":"env","value":"prod"}]})");
  create(R"({"name":"B","labels":[{"key":"team","value":"a"}]})");
  create(R"({"name":"C","labels":[{"key":"team","value":"x"}]})");
  EXPECT_EQ(call("GET", "/api/agents/labels/keys").body,
            R"({"data":["env","team"],"pagination":{"limit":50,"offset":0,"total":2}})");
  EXPECT_EQ(call("GET", "/api/agents/labels/values?key=team&limit=1&offset=1").body,
            R"({"data":["x"],"pagination":{"limit":1,"offset":1,"total":2}})");
  EXPECT_THAT(call("GET", "/api/agents/labels/values?key=none").body, HasSubstr(R"("data":[])"));
  EXPECT_EQ(call("GET", "/api/agents/labels/values").status, 400);
}

TEST_F(ApiTest, WhatCannotBe) {
  EXPECT_EQ(call("GET", "/api/agents/no-uuid").status, 400);
  EXPECT_EQ(call("GET", "/api/nothing").status, 404);
  const ServiceAnswer method = call("PATCH", "/api/agents/" + std::string(kDefaultId));
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.extra_fields, "Allow: GET, HEAD, PUT, DELETE\r\n");
  EXPECT_EQ(call("HEAD", "/api/agents").status, 200);
  EXPECT_EQ(call("POST", "/api/agents").status, 415) << "no content type";
  EXPECT_EQ(call("POST", "/api/agents", "{}").status, 400) << "no name";
  EXPECT_EQ(call("POST", "/api/agents", "{}").error_type, "invalid_request");
  EXPECT_EQ(call("POST", "/api/openapi.json").status, 405);
}

TEST_F(ApiTest, WantsTheToken) {
  for (const char* value :
       {"", "Bearer", "Bearer ", "Bearer wrong", "Basic secret", "secret", "Bearer secret "}) {
    const ServiceAnswer answer = call("GET", "/api/agents", "", value);
    EXPECT_EQ(answer.status, 401) << value;
    EXPECT_EQ(answer.extra_fields, "WWW-Authenticate: Bearer\r\n");
  }
  EXPECT_EQ(call("GET", "/api/agents", "", "bearer  secret").status, 200);
  EXPECT_EQ(call("GET", "/api/nothing", "", "").status, 401) << "what there is, is for those who may";
  EXPECT_EQ(call("GET", "/api/openapi.json", "", "").status, 200);
}

TEST_F(ApiTest, ATokenThatTheStoreKnows) {
  start("");
  EXPECT_EQ(call("GET", "/api/agents").status, 401);
  EXPECT_EQ(call("GET", "/api/agents", "", "Bearer ").status, 401);
  auto other = store::Store::open(path(), 10ms);
  const auto first = make_first_admin_token(*other);
  ASSERT_TRUE(first && *first);
  const std::string bearer = "Bearer " + std::string((*first)->reveal());
  EXPECT_EQ(call("GET", "/api/agents", "", bearer).status, 200);
  EXPECT_EQ(other->admin_token_hash().value().find(std::string((*first)->reveal())), std::string::npos);
  EXPECT_EQ(call("GET", "/api/agents", "", "Bearer " + other->admin_token_hash().value()).status, 401);
  EXPECT_FALSE(make_first_admin_token(*other).value()) << "once";

  const auto second = reset_admin_token(*other);
  ASSERT_TRUE(second);
  EXPECT_EQ(call("GET", "/api/agents", "", bearer).status, 401) << "the old one ends with the reset";
  EXPECT_EQ(call("GET", "/api/agents", "", "Bearer " + std::string(second->reveal())).status, 200);

  start("secret");
  EXPECT_EQ(call("GET", "/api/agents", "", "Bearer " + std::string(second->reveal())).status, 401)
      << "a configured token is the only one";
}

TEST_F(ApiTest, LogLevelsAreShownAndSet) {
  const base::LogLevel before = base::log_level();
  const auto log_is = [](std::string_view level) {
    return HasSubstr(R"("log":")" + std::string(level) + '"');
  };
  EXPECT_EQ(call("GET", "/api/log-levels").body, R"({"log":"info","accessLog":"info"})");
  const ServiceAnswer one = call("PUT", "/api/log-levels", R"({"accessLog":"off"})");
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.body, R"({"log":"info","accessLog":"off"})");
  EXPECT_EQ(level_.value(), base::LogLevel::kOff);
  EXPECT_THAT(call("PUT", "/api/log-levels", R"({"log":"error"})").body, log_is("error"));
  EXPECT_EQ(base::log_level(), base::LogLevel::kError);

  for (const char* body : {R"({"log":"debug","accessLog":"loud"})", R"({"log":"debug","accessLog":1})",
                           R"({"log":"debug","level":"info"})", "[]", "{"}) {
    EXPECT_EQ(call("PUT", "/api/log-levels", body).status, 400) << body;
    EXPECT_THAT(call("GET", "/api/log-levels").body, log_is("error")) << "nothing of it is done";
  }
  EXPECT_EQ(call("DELETE", "/api/log-levels").status, 405);
  base::set_log_level(before);
}

TEST_F(ApiTest, MoreThanOneDefaultAgentIsAnErrorOfTheStore) {
  auto store = store::Store::open(path(), 10ms);
  model::Agent agent;
  agent.is_default = true;
  ASSERT_TRUE(store->put_agent(agent));
  EXPECT_FALSE(load_agents(*store));
}

}  // namespace
}  // namespace archestra::api
