#include <gtest/gtest.h>

#include <string>

#include "store/store.h"
#include "store/test_folder.h"

namespace archestra::store {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr ToolLimits kLimits{.of_agent = 3, .of_all = 5};

base::Uuid id(std::uint8_t number) {
  base::Uuid made;
  made.bytes[0] = number;
  return made;
}

model::Tool tool(std::uint8_t number, std::string name, std::uint8_t agent = 1) {
  return {.id = id(number),
          .agent_id = id(agent),
          .declared = {.name = std::move(name), .description = "Does it.", .parameters = "{}"},
          .created = base::WallTime(std::chrono::seconds(number)),
          .updated = base::WallTime(std::chrono::seconds(number))};
}

class ToolsTest : public ::testing::Test {
 protected:
  ToolsTest() {
    auto opened = Store::open(folder_.file("archestra.db"), 20ms);
    store_ = std::make_unique<Store>(std::move(*opened));
    for (std::uint8_t agent = 1; agent <= 3; ++agent)
      EXPECT_TRUE(store_->put_agent(*model::make_agent(id(agent), "A")));
  }
  LearnedTools learn(std::vector<model::Tool> tools) {
    auto learned = store_->learn_tools(tools, kLimits);
    if (!learned) ADD_FAILURE() << learned.error().text();
    return std::move(*learned);
  }
  std::vector<std::string> names(ToolQuery query) {
    if (query.limit == 0) query.limit = 100;
    const auto page = store_->tools(query);
    if (!page) ADD_FAILURE() << page.error().text();
    std::vector<std::string> found;
    for (const model::Tool& each : page->tools) found.push_back(each.declared.name);
    return found;
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_;
};

using Names = std::vector<std::string>;

TEST_F(ToolsTest, LearnsWhatIsNewOrDifferent) {
  const LearnedTools first = learn({tool(1, "a"), tool(2, "b"), tool(3, "a", 2)});
  EXPECT_EQ(first.added, 3u);
  EXPECT_EQ(first.changed, 0u);
  EXPECT_EQ(store_->tool(id(1)).value(), tool(1, "a"));

  const PolicyChange settings = [] {
    model::Tool set = tool(1, "a");
    set.settings = {.result_treatment = model::ResultTreatment::kTrusted, .usable_with_untrusted_data = true};
    set.updated = base::WallTime(50s);
    return set;
  }();
  ASSERT_TRUE(store_->change_policies(settings, [](const PolicyRows&) { return true; }).value());

  model::Tool other = tool(9, "a");
  other.declared.description = "Does it otherwise.";
  const LearnedTools second = learn({other, tool(8, "b")});
  EXPECT_EQ(second.added, 0u);
  EXPECT_EQ(second.changed, 1u);
  const auto now = store_->tool(id(1)).value();
  ASSERT_TRUE(now) << "it has kept its id";
  EXPECT_EQ(now->declared, other.declared);
  EXPECT_EQ(now->created, tool(1, "a").created);
  EXPECT_EQ(now->updated, other.updated);
  EXPECT_EQ(now->settings, std::get<model::Tool>(settings).settings);
  EXPECT_EQ(store_->tool(id(9)).value(), std::nullopt);
}

TEST_F(ToolsTest, TheSameTwiceAtOnceIsOne) {
  EXPECT_EQ(learn({tool(1, "a"), tool(2, "a")}).added, 1u);
  EXPECT_EQ(names({}), Names{"a"});
}

TEST_F(ToolsTest, WhatIsKnownIsNotWritten) {
  learn({tool(1, "a")});
  auto other = sqlite::Database::open(folder_.file("archestra.db"), 20ms);
  const auto lock = sqlite::Transaction::begin(*other);
  ASSERT_TRUE(lock);
  EXPECT_EQ(learn({tool(2, "a")}).added, 0u) << "no lock is wanted";
  EXPECT_FALSE(store_->learn_tools(std::vector{tool(3, "b")}, kLimits));
}

TEST_F(ToolsTest, HasLimits) {
  const LearnedTools learned =
      learn({tool(1, "a"), tool(2, "b"), tool(3, "c"), tool(4, "d"), tool(5, "e"), tool(6, "a", 2)});
  EXPECT_EQ(learned.added, 4u);
  EXPECT_EQ(learned.full, std::vector{id(1)}) << "once";
  EXPECT_EQ(names({.agent_id = id(1)}), (Names{"a", "b", "c"}));
  model::Tool changed = tool(7, "a");
  changed.declared.parameters = "[]";
  EXPECT_EQ(learn({changed}).changed, 1u) << "those that are there can change";
  EXPECT_EQ(learn({tool(8, "b", 2), tool(9, "a", 3)}).full, std::vector{id(3)}) << "five in all";
}

TEST_F(ToolsTest, AFailureLeavesNothing) {
  EXPECT_FALSE(store_->learn_tools(std::vector{tool(1, "a"), tool(2, "b", 77)}, kLimits)) << "no such agent";
  EXPECT_EQ(names({}), Names{});
  EXPECT_EQ(learn({tool(1, "a")}).added, 1u) << "the transaction is over";
}

TEST_F(ToolsTest, AreFoundAndSorted) {
  learn({tool(1, "Mail_b"), tool(2, "mail%a"), tool(3, "x"), tool(4, "mailbox", 2)});
  EXPECT_EQ(names({}), (Names{"Mail_b", "mail%a", "mailbox", "x"}));
  EXPECT_EQ(names({.search = "MAIL"}), (Names{"Mail_b", "mail%a", "mailbox"}));
  EXPECT_EQ(names({.search = "l_"}), Names{"Mail_b"}) << "no pattern";
  EXPECT_EQ(names({.search = "%"}), Names{"mail%a"});
  EXPECT_EQ(names({.search = "\\"}), Names{});
  EXPECT_EQ(names({.agent_id = id(1), .search = "mail"}), (Names{"Mail_b", "mail%a"}));
  EXPECT_EQ(names({.agent_id = id(3)}), Names{});
  EXPECT_EQ(names({.by = ToolQuery::By::kCreated}), (Names{"Mail_b", "mail%a", "x", "mailbox"}));
  EXPECT_EQ(names({.by = ToolQuery::By::kUpdated, .descends = true}),
            (Names{"mailbox", "x", "mail%a", "Mail_b"}));
  EXPECT_EQ(names({.limit = 2, .offset = 1}), (Names{"mail%a", "mailbox"}));
  EXPECT_EQ(store_->tools({.limit = 1, .offset = 3}).value().total, 4u);
}

TEST_F(ToolsTest, OnlySettingsOfTheirOwnMatterToPolicies) {
  learn({tool(1, "a"), tool(2, "b"), tool(3, "c")});
  EXPECT_TRUE(store_->policies().value().tools.empty());
  model::Tool usable = tool(2, "b");
  usable.settings.usable_with_untrusted_data = true;
  model::Tool trusted = tool(3, "c");
  trusted.settings.result_treatment = model::ResultTreatment::kTrusted;
  for (const model::Tool& each : {usable, trusted})
    EXPECT_TRUE(store_->change_policies(each, [](const PolicyRows&) { return true; }).value());
  const auto tools = store_->policies().value().tools;
  ASSERT_EQ(tools.size(), 2u);
  for (const model::Tool& each : tools) {
    EXPECT_EQ(each.settings, each.id == id(2) ? usable.settings : trusted.settings);
    EXPECT_EQ(each.declared.name, each.id == id(2) ? "b" : "c");
  }
  EXPECT_TRUE(store_->change_policies(RemoveTool{id(2)}, [](const PolicyRows&) { return true; }).value());
  EXPECT_EQ(store_->policies().value().tools.size(), 1u);
  EXPECT_EQ(names({}), (Names{"a", "c"}));
}

TEST_F(ToolsTest, GoWithTheirAgent) {
  learn({tool(1, "a"), tool(2, "a", 2)});
  ASSERT_TRUE(store_->remove_agent(id(1)));
  EXPECT_EQ(names({}), Names{"a"});
  EXPECT_EQ(store_->tool(id(1)).value(), std::nullopt);
}

TEST_F(ToolsTest, ARowThatMakesNoSense) {
  learn({tool(1, "a")});
  auto other = sqlite::Database::open(folder_.file("archestra.db"), 20ms);
  ASSERT_TRUE(other->execute("UPDATE tools SET result_treatment = 'odd'"));
  const PolicyRows rows = store_->policies().value();
  ASSERT_TRUE(rows.fault);
  EXPECT_EQ(rows.fault->kind, "tool");
  EXPECT_EQ(rows.fault->id, id(1).text());
  EXPECT_EQ(store_->tool(id(1)).error().code, base::ErrorCode::kInvalid);
}

}  // namespace
}  // namespace archestra::store
