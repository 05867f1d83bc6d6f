#include "api/api_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "net/event_loop.h"
#include "store/test_folder.h"

namespace archestra::api {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// The api thread, and this one as the shard that waits for answers.
class ApiThreadTest : public ::testing::Test {
 protected:
  ~ApiThreadTest() override { thread_.stop(); }

  std::unique_ptr<Api> make(Publish publish = [](const model::AgentUpdate&) {}) {
    auto store = store::Store::open(folder_.file("archestra.db"), 10ms);
    auto directory = load_agents(*store);
    Snapshots snapshots{.agents = *directory,
                        .policies = compile_policies(store->policies().value()).value(),
                        .publish_agents = std::move(publish),
                        .publish_policies = [this](const policy::PolicySetRef&) { ++sets_; }};
    return std::make_unique<Api>(
        std::move(*store), std::move(snapshots), AccessOptions{.admin_token = base::Secret("t")},
        SettingsSources{}, level_, policy_set_metrics_, history_, [] { return telemetry::Snapshot(); },
        live_);
  }
  static http_io::ServiceRequest get() {
    return {.method = "GET",
            .target = "/api/agents",
            .content_type = {},
            .authorization = base::Secret("Bearer t"),
            .body = {}};
  }
  static http_io::ServiceRequest post(std::size_t padding = 0) {
    return {.method = "POST",
            .target = "/api/agents",
            .content_type = "application/json",
            .authorization = base::Secret("Bearer t"),
            .body = R"({"name":"A"})" + std::string(padding, ' ')};
  }
  std::shared_ptr<http_io::AnswerSlot> slot() { return std::make_shared<http_io::AnswerSlot>(loop_); }
  net::Task<void> await(std::shared_ptr<http_io::AnswerSlot> slot, base::Duration limit,
                        bool leaving = false) {
    net::Readiness own;
    net::Readiness& client = leaving ? client_ : own;
    const auto answer = co_await slot->wait(client, base::monotonic_now() + limit);
    statuses_.push_back(answer ? answer->status : 0);
  }
  void finish() {
    for (int turns = 0; tasks_.active() > 0 && turns < 10000; ++turns) loop_.turn(10ms);
    ASSERT_EQ(tasks_.active(), 0u);
  }

  store::TestFolder folder_;
  telemetry::AccessLogLevel level_{base::LogLevel::kInfo};
  telemetry::PolicySetMetrics policy_set_metrics_;
  telemetry::History history_{{}};
  LiveFeed live_{history_};
  std::atomic<int> sets_ = 0;
  net::EventLoop loop_;
  net::Readiness client_;
  std::vector<int> statuses_;
  net::TaskGroup tasks_;
  ApiThread thread_;
};

TEST_F(ApiThreadTest, AnswersInOrderWhatWasAskedBeforeAndAfterItsStart) {
  for (auto request : {get(), post()}) {
    const auto own = slot();
    ASSERT_TRUE(thread_.try_submit(std::move(request), own));
    tasks_.spawn(await(own, 60s));
  }
  thread_.start(make());
  finish();
  EXPECT_EQ(statuses_, (std::vector{200, 201}));
}

TEST_F(ApiThreadTest, CountsWhatWaitsAndWhatIsWorkedOn) {
  EXPECT_EQ(thread_.under_way().value(), 0);
  std::latch begun(1);
  std::latch go_on(1);
  const auto own = slot();
  tasks_.spawn(await(own, 60s));
  ASSERT_TRUE(thread_.try_submit(post(), own));
  ASSERT_TRUE(thread_.try_submit(get(), slot()));
  EXPECT_EQ(thread_.under_way().value(), 2);
  thread_.start(make([&](const model::AgentUpdate&) {
    begun.count_down();
    go_on.wait();
  }));
  begun.wait();
  EXPECT_EQ(thread_.under_way().value(), 2) << "the one that is worked on is among them";
  go_on.count_down();
  finish();
  thread_.stop();
  EXPECT_EQ(thread_.under_way().value(), 0);
}

TEST_F(ApiThreadTest, RefusesMoreThanMayWait) {
  for (std::size_t i = 0; i < ApiThread::kWaitingMax; ++i) ASSERT_TRUE(thread_.try_submit(get(), slot()));
  EXPECT_FALSE(thread_.try_submit(get(), slot()));
}

TEST_F(ApiThreadTest, RefusesMoreBytesThanMayWait) {
  const std::size_t size = ApiThread::kWaitingBytesMax / 2;
  ASSERT_TRUE(thread_.try_submit(post(size), slot()));
  EXPECT_FALSE(thread_.try_submit(post(size), slot()));
  EXPECT_TRUE(thread_.try_submit(get(), slot()));
  const auto last = slot();
  tasks_.spawn(await(last, 60s));
  ASSERT_TRUE(thread_.try_submit(get(), last));
  thread_.start(make());
  finish();
  EXPECT_TRUE(thread_.try_submit(post(size), slot())) << "what was answered counts no more";
}

TEST_F(ApiThreadTest, LeavesUndoneWhatNobodyWaitsForAnyMore) {
  const auto abandoned = slot();
  tasks_.spawn(await(abandoned, 1ms));
  ASSERT_TRUE(thread_.try_submit(post(), abandoned));
  finish();
  EXPECT_EQ(statuses_, std::vector{0});
  const auto kept = slot();
  tasks_.spawn(await(kept, 60s));
  ASSERT_TRUE(thread_.try_submit(post(), kept));
  int published = 0;
  thread_.start(make([&](const model::AgentUpdate&) { ++published; }));
  finish();
  EXPECT_EQ(statuses_, (std::vector{0, 201}));
  thread_.stop();
  EXPECT_EQ(published, 1);
}

TEST_F(ApiThreadTest, AClientThatLeavesWhileItsRequestIsWorkedOn) {
  std::latch begun(1);
  std::latch left(1);
  const auto own = slot();
  tasks_.spawn(await(own, 60s, true));
  ASSERT_TRUE(thread_.try_submit(post(), own));
  thread_.start(make([&](const model::AgentUpdate&) {
    begun.count_down();
    left.wait();
  }));
  begun.wait();
  client_.set_gone();
  finish();
  EXPECT_EQ(statuses_, std::vector{0});
  left.count_down();
  thread_.stop();  // its answer is posted to a loop in which nobody waits
  loop_.turn(10ms);
}

TEST_F(ApiThreadTest, StopsWithRequestsThatWait) {
  std::latch begun(1);
  std::latch go_on(1);
  ASSERT_TRUE(thread_.try_submit(post(), slot()));
  ASSERT_TRUE(thread_.try_submit(post(), slot()));
  int published = 0;
  thread_.start(make([&](const model::AgentUpdate&) {
    ++published;
    begun.count_down();
    go_on.wait();
  }));
  begun.wait();
  std::thread stopping([this] { thread_.stop(); });
  go_on.count_down();
  stopping.join();
  EXPECT_LE(published, 2);
  EXPECT_FALSE(thread_.try_submit(get(), slot()));
}

TEST_F(ApiThreadTest, LearnsToolsThatWereDeclared) {
  const std::vector<model::DeclaredTool> tools{{.name = "search", .description = "", .parameters = ""}};
  const auto agent = model::make_agent(*base::Uuid::parse("00000000-0000-4000-8000-000000000001"), "A");
  ASSERT_TRUE(thread_.try_learn(agent, tools)) << "also before its start";
  ASSERT_TRUE(thread_.try_learn(model::make_agent({}, "nobody"), tools)) << "whose agent is not there";
  thread_.start(make());
  auto look = store::Store::open(folder_.file("archestra.db"), 10ms);
  const auto count = [&] { return look->tools({.limit = 10}).value().total; };
  for (int looks = 0; count() == 0 && looks < 1000; ++looks) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(count(), 1u);
  ASSERT_TRUE(thread_.try_learn(agent, {{.name = "send", .description = "", .parameters = ""}}));
  for (int looks = 0; count() == 1 && looks < 1000; ++looks) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(count(), 2u) << "what comes soon after the first is learned a little later";
  thread_.stop();
  EXPECT_EQ(sets_, 0) << "new tools make no new set";
  EXPECT_FALSE(thread_.try_learn(agent, tools));
}

TEST_F(ApiThreadTest, RequestsDoNotWaitForToolsToBeLearned) {
  const auto agent = model::make_agent({}, "A");
  for (std::size_t i = 0; i < ApiThread::kDeclaredMax; ++i)
    ASSERT_TRUE(thread_.try_learn(agent, {{.name = "a", .description = "", .parameters = ""}}));
  EXPECT_FALSE(thread_.try_learn(agent, {{.name = "a", .description = "", .parameters = ""}})) << "full";
  EXPECT_TRUE(thread_.try_learn(agent, {{.name = "", .description = "", .parameters = ""}}))
      << "nothing to remember of these";
  const auto own = slot();
  ASSERT_TRUE(thread_.try_submit(get(), own));
  tasks_.spawn(await(own, 60s));
  thread_.start(make());
  finish();
  EXPECT_EQ(statuses_, std::vector{200});
}

TEST_F(ApiThreadTest, RefusesMoreBytesOfToolsThanMayWait) {
  const std::vector<model::DeclaredTool> large(
      40, {.name = "a", .description = "", .parameters = std::string(50 << 10, 'x')});
  int accepted = 0;
  while (thread_.try_learn(model::make_agent({}, "A"), large) && accepted < 100) ++accepted;
  EXPECT_EQ(accepted, 4) << "of 2 MB each";
}

TEST_F(ApiThreadTest, ReadsPoliciesAgain) {
  thread_.start(make());
  auto other = store::Store::open(folder_.file("archestra.db"), 100ms);
  const model::ToolInvocationPolicy policy{
      .id = {}, .agent_id = std::nullopt, .tool = "x", .conditions = {}, .reason = ""};
  ASSERT_TRUE(other->change_policies(policy, [](const store::PolicyRows&) { return true; }).value());
  EXPECT_EQ(sets_, 0);
  thread_.reload_policies();
  for (int looks = 0; sets_ == 0 && looks < 1000; ++looks) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(sets_, 1);
}

}  // namespace
}  // namespace archestra::api
