#include "store/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "store/migrations.h"
#include "store/test_folder.h"

namespace archestra::store {
namespace {

using base::ErrorCode;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""us;

model::Agent sample(std::uint8_t number = 1) {
  model::Agent agent;
  agent.id.bytes[0] = number;
  agent.id_text = agent.id.text();
  agent.name = "S\u00fcpport \U0001f916 '; DROP TABLE agents; --";
  agent.labels = {{"z", "1"}, {"a", ""}, {"cost-center", "\u00fc"}};
  agent.settings = {
      .consider_context_untrusted = true,
      .deny_tools_in_untrusted_context = true,
      .capture_content = true,
      .on_client_disconnect = {.action = model::OnClientDisconnect::Action::kDrain, .drain = 30s}};
  agent.created = base::WallTime(1'700'000'000s + 123456us);
  agent.updated = base::WallTime(1'700'000'001s + 1us);
  return agent;
}

class StoreTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_.file("archestra.db"); }
  Store open() {
    auto store = Store::open(path(), 20ms);
    if (!store) ADD_FAILURE() << store.error().text();
    return std::move(*store);
  }
  static std::vector<model::Agent> all(Store& store) {
    std::vector<model::Agent> agents;
    for (const model::AgentRef& agent : store.agents().value()) agents.push_back(*agent);
    std::ranges::sort(agents, {}, &model::Agent::id_text);
    return agents;
  }
  TestFolder folder_;
};

TEST_F(StoreTest, KeepsAgentsOverReopening) {
  model::Agent plain;
  plain.id.bytes[0] = 2;
  plain.id_text = plain.id.text();
  plain.name = "plain";
  plain.is_default = true;
  {
    Store store = open();
    EXPECT_TRUE(all(store).empty());
    ASSERT_TRUE(store.put_agent(sample()));
    ASSERT_TRUE(store.put_agent(plain));
  }
  Store store = open();
  EXPECT_EQ(all(store), (std::vector{sample(), plain}));
}

TEST_F(StoreTest, OnceItIsClosedACopyOfItsFileMayTakeItsPlace) {
  const std::string copy = folder_.file("copy.db");
  {
    Store store = open();
    ASSERT_TRUE(store.put_agent(sample(1)));
  }
  std::filesystem::copy_file(path(), copy);
  {
    Store store = open();
    ASSERT_TRUE(store.put_agent(sample(2)));
  }
  std::filesystem::copy_file(copy, path(), std::filesystem::copy_options::overwrite_existing);
  Store store = open();
  EXPECT_EQ(all(store), std::vector{sample(1)});
}

TEST_F(StoreTest, PutsInThePlaceOfTheOneWithThisId) {
  Store store = open();
  ASSERT_TRUE(store.put_agent(sample(1)));
  ASSERT_TRUE(store.put_agent(sample(2)));
  model::Agent changed = sample(1);
  changed.name = "other";
  changed.labels = {{"cost-center", "8"}};
  changed.settings = {};
  ASSERT_TRUE(store.put_agent(changed));
  EXPECT_EQ(all(store), (std::vector{changed, sample(2)}));
}

TEST_F(StoreTest, RemovesAnAgentWithItsLabels) {
  Store store = open();
  ASSERT_TRUE(store.put_agent(sample(1)));
  ASSERT_TRUE(store.put_agent(sample(2)));
  ASSERT_TRUE(store.remove_agent(sample(1).id));
  EXPECT_EQ(all(store), std::vector{sample(2)}) << "labels left behind would be an error";
  EXPECT_TRUE(store.remove_agent(sample(1).id)) << "gone already";
  ASSERT_TRUE(store.put_agent(sample(1)));
  EXPECT_EQ(all(store), (std::vector{sample(1), sample(2)}));
}

TEST_F(StoreTest, AFailedWriteChangesNothing) {
  Store store = open();
  ASSERT_TRUE(store.put_agent(sample()));
  model::Agent broken = sample();
  broken.name = "other";
  broken.labels = {{"twice", "1"}, {"twice", "2"}};  // found out after the agent's row was written
  EXPECT_FALSE(store.put_agent(broken));
  EXPECT_EQ(all(store), std::vector{sample()});
  broken.labels.pop_back();
  ASSERT_TRUE(store.put_agent(broken)) << "the transaction is over";
  EXPECT_EQ(all(store), std::vector{broken});
}

TEST_F(StoreTest, WhatAnotherConnectionLocksIsATimeout) {
  Store store = open();
  auto other = sqlite::Database::open(path(), 20ms);
  ASSERT_TRUE(other);
  {
    const auto lock = sqlite::Transaction::begin(*other);
    const auto put = store.put_agent(sample());
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, ErrorCode::kTimeout);
    EXPECT_TRUE(store.agents()) << "readers are not locked out";
  }
  EXPECT_TRUE(store.put_agent(sample()));
}

TEST_F(StoreTest, TellsOfEachOperationWhatBecameOfIt) {
  Store store = open();
  std::vector<std::pair<Operation, Success>> told;
  base::Duration longest{};
  store.watch([&](Operation operation, base::Duration took, Success success) {
    told.emplace_back(operation, success);
    longest = std::max(longest, took);
  });
  EXPECT_TRUE(store.agents());
  EXPECT_TRUE(store.put_agent(sample()));
  EXPECT_TRUE(store.admin_token_hash());
  EXPECT_TRUE(store.set_admin_token_hash("hash"));
  EXPECT_TRUE(store.remove_agent(sample().id));
  const std::pair kRead(Operation::kRead, Success::kYes);
  const std::pair kWrite(Operation::kWrite, Success::kYes);
  EXPECT_EQ(told, (std::vector{kRead, kWrite, kRead, kWrite, kWrite}));

  auto other = sqlite::Database::open(path(), 20ms);
  ASSERT_TRUE(other);
  const auto lock = sqlite::Transaction::begin(*other);
  EXPECT_FALSE(store.put_agent(sample()));
  EXPECT_EQ(told.back(), std::pair(Operation::kWrite, Success::kNo));
  EXPECT_GE(longest, 20ms) << "the wait for the lock is part of it";
}

TEST_F(StoreTest, SeesATokenThatAnotherProcessSet) {
  Store store = open();
  EXPECT_EQ(store.admin_token_hash().value(), "");
  Store other = open();
  ASSERT_TRUE(other.set_admin_token_hash("first"));
  EXPECT_EQ(store.admin_token_hash().value(), "first");
  ASSERT_TRUE(other.set_admin_token_hash("second"));
  EXPECT_EQ(store.admin_token_hash().value(), "second");
}

TEST_F(StoreTest, MigratesOnce) {
  open();
  open();
  auto database = sqlite::Database::open(path(), 20ms);
  auto rows = database->prepare("SELECT number FROM schema_migrations ORDER BY number");
  for (std::size_t number = 1; number <= migrations().size(); ++number) {
    ASSERT_TRUE(rows->step().value());
    EXPECT_EQ(rows->number(0), static_cast<std::int64_t>(number));
  }
  EXPECT_FALSE(rows->step().value());
}

TEST_F(StoreTest, RefusesADatabaseOfANewerVersion) {
  open();
  auto database = sqlite::Database::open(path(), 20ms);
  ASSERT_TRUE(database->execute("INSERT INTO schema_migrations VALUES (1000, 0)"));
  const auto opened = Store::open(path(), 20ms);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
  EXPECT_STREQ(opened.error().what, "the database belongs to a newer version of this program");
}

TEST_F(StoreTest, AMigrationThatFailsLeavesNothing) {
  {
    auto database = sqlite::Database::open(path(), 20ms);
    ASSERT_TRUE(database->execute("CREATE TABLE agent_labels (somebody_elses TEXT)"));
  }
  ASSERT_FALSE(Store::open(path(), 20ms));
  auto database = sqlite::Database::open(path(), 20ms);
  EXPECT_FALSE(database->prepare("SELECT * FROM agents")) << "made by the same step before it failed";
  EXPECT_FALSE(database->prepare("SELECT * FROM schema_migrations"));
}

TEST_F(StoreTest, RowsThatMakeNoSenseAreAnError) {
  Store store = open();
  auto database = sqlite::Database::open(path(), 20ms);
  const auto insert = [&](const std::string& id, const std::string& rest) {
    return database->execute(
        ("INSERT INTO agents VALUES ('" + id + "', 'x', 0, 0, 0, 0, " + rest + ")").c_str());
  };
  const std::string id = "00000000-0000-4000-8000-00000000000a";
  ASSERT_TRUE(insert(id, "'cancel', 0, 0, 0"));
  ASSERT_TRUE(store.agents()) << "this one does";
  const std::pair<const char*, const char*> rows[] = {
      {"no uuid", "'cancel', 0, 0, 0"},
      // By this text a change would not find it, and a second row would come to be.
      {"00000000-0000-4000-8000-00000000000A", "'cancel', 0, 0, 0"},
      {id.c_str(), "'ask', 0, 0, 0"},
      {id.c_str(), "'cancel', 0, 9223372036854775807, 0"},
      {id.c_str(), "'cancel', 0, 0, -1"},
  };
  for (const auto& [row_id, rest] : rows) {
    ASSERT_TRUE(database->execute("DELETE FROM agents"));
    ASSERT_TRUE(insert(row_id, rest));
    const auto agents = store.agents();
    ASSERT_FALSE(agents) << row_id << ' ' << rest;
    EXPECT_EQ(agents.error().code, ErrorCode::kInvalid);
  }
}

TEST_F(StoreTest, LabelsOfAnIdInAnotherFormAreAnError) {
  Store store = open();
  model::Agent agent = sample(0xab);
  ASSERT_TRUE(store.put_agent(agent));
  auto database = sqlite::Database::open(path(), 20ms);
  ASSERT_TRUE(
      database->execute("PRAGMA foreign_keys = OFF; UPDATE agent_labels SET agent_id = upper(agent_id)"));
  const auto agents = store.agents();
  ASSERT_FALSE(agents);
  EXPECT_EQ(agents.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace archestra::store
