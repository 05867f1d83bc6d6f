// The platform API over a store in a folder of its own, and what it published, for unit tests of its
// resources. Test code.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/admin_token.h"
#include "api/api.h"
#include "api/sessions.h"
#include "store/test_folder.h"
#include "telemetry/metrics/shard_metrics.h"

namespace archestra::api {

class ApiFixture : public ::testing::Test {
 protected:
  static constexpr std::string_view kDefaultId = "00000000-0000-4000-8000-000000000001";

  ApiFixture() { start(); }

  /// As a new process would; the store's content stays.
  void start(std::string token = "secret") {
    using std::chrono_literals::operator""ms;
    api_.reset();
    auto store = store::Store::open(path(), 10ms);
    ASSERT_TRUE(store);
    auto directory = load_agents(*store);
    ASSERT_TRUE(directory) << directory.error().text();
    auto policies = compile_policies(store->policies().value());
    ASSERT_TRUE(policies) << policies.error().message;
    ASSERT_TRUE(end_old_sessions(*store, admin_token_hash(base::Secret(token), *store).value()));
    published_.clear();
    sets_.clear();
    directory_ = *directory;
    policies_ = policies->set;
    api_ = std::make_unique<Api>(
        std::move(*store),
        Snapshots{.agents = *directory,
                  .policies = std::move(*policies),
                  .publish_agents =
                      [this](const model::AgentUpdate& update) {
                        published_.push_back(update);
                        directory_ = update.directory;
                      },
                  .publish_policies =
                      [this](const policy::PolicySetRef& set) {
                        sets_.push_back(set);
                        policies_ = set;
                      }},
        AccessOptions{.admin_token = base::Secret(std::move(token))},
        SettingsSources{.effective = [this] { return settings_; }, .telemetry = [this] { return health_; }},
        level_, policy_set_metrics_, history_, [this] { return scrape_.collect(); }, live_);
  }
  std::string path() const { return folder_.file("archestra.db"); }

  ServiceAnswer call(std::string method, std::string target, std::string body = "",
                     std::string authorization = "Bearer secret") {
    return api_->handle({.method = std::move(method),
                         .target = std::move(target),
                         .content_type = body.empty() ? "" : "application/json; charset=utf-8",
                         .authorization = base::Secret(std::move(authorization)),
                         .body = std::move(body)});
  }
  /// Makes one and gives its id.
  std::string create_at(const std::string& target, const std::string& body) {
    const ServiceAnswer answer = call("POST", target, body);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.body.substr(std::string_view(R"({"id":")").size(), kDefaultId.size());
  }
  std::string create(const std::string& body) { return create_at("/api/agents", body); }

  /// What another program does to the database.
  void execute(const std::string& sql) {
    using std::chrono_literals::operator""ms;
    auto other = store::sqlite::Database::open(path(), 10ms);
    const auto done = other->execute(sql.c_str());
    ASSERT_TRUE(done) << done.error().text() << ": " << sql;
  }

  store::TestFolder folder_;
  telemetry::AccessLogLevel level_{base::LogLevel::kInfo};
  telemetry::PolicySetMetrics policy_set_metrics_;
  std::shared_ptr<const EffectiveSettings> settings_ = std::make_shared<EffectiveSettings>();
  telemetry::Health health_;
  telemetry::History history_{{}};
  telemetry::LabelBudgets budgets_;
  telemetry::ShardMetrics shard_metrics_{budgets_};
  telemetry::Scrape scrape_{{&shard_metrics_.series(), &budgets_.models.series(), &budgets_.agents.series(),
                             &budgets_.tools.series()},
                            "1"};
  LiveFeed live_{history_};
  std::vector<model::AgentUpdate> published_;
  std::vector<policy::PolicySetRef> sets_;
  model::AgentDirectoryRef directory_;
  policy::PolicySetRef policies_;
  std::unique_ptr<Api> api_;
};

}  // namespace archestra::api
