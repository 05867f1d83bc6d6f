#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "model/enum_names.h"
#include "store/store.h"
#include "store/test_folder.h"

namespace archestra::store {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""s;

base::Uuid id(std::uint8_t number) {
  base::Uuid made;
  made.bytes[0] = number;
  return made;
}

model::ToolInvocationPolicy invocation(std::uint8_t number) {
  return {.id = id(number),
          .agent_id = id(1),
          .tool = "send \"email\" '\xc3\xbc'",
          .conditions = {{.key = "to[0].address", .op = model::Operator::kRegex, .value = "^a.*\\.b$"},
                         {.key = "", .op = model::Operator::kNotContains, .value = ""},
                         {.key = "b", .op = model::Operator::kEqual, .value = "x"}},
          .action = model::InvocationAction::kBlockWhenContextIsUntrusted,
          .reason = "No mail.",
          .mode = model::PolicyMode::kObserve,
          .created = base::WallTime(1'700'000'000s + 123456us),
          .updated = base::WallTime(1'700'000'001s + 1us)};
}

model::TrustedDataPolicy trusted_data(std::uint8_t number) {
  return {.id = id(number),
          .agent_id = std::nullopt,
          .tool = "search",
          .conditions = {{.key = "a", .op = model::Operator::kEndsWith, .value = "z"}},
          .action = model::TrustAction::kBlockAlways,
          .description = "Secrets",
          .created = base::WallTime(1'700'000'000s),
          .updated = base::WallTime(1'700'000'002s)};
}

class PoliciesTest : public ::testing::Test {
 protected:
  PoliciesTest() : store_(open()) { EXPECT_TRUE(store_.put_agent(*model::make_agent(id(1), "A"))); }

  Store open() {
    auto store = Store::open(folder_.file("archestra.db"), 20ms);
    if (!store) ADD_FAILURE() << store.error().text();
    return std::move(*store);
  }
  bool change(const PolicyChange& what) {
    const auto changed = store_.change_policies(what, [](const PolicyRows&) { return true; });
    if (!changed) ADD_FAILURE() << changed.error().text();
    return changed.value_or(false);
  }
  PolicyRows rows() {
    auto rows = store_.policies();
    if (!rows) ADD_FAILURE() << rows.error().text();
    std::ranges::sort(rows->invocation, {}, [](const auto& each) { return each.id.bytes; });
    return *rows;
  }
  void execute(const std::string& sql) {
    auto other = sqlite::Database::open(folder_.file("archestra.db"), 20ms);
    const auto done = other->execute(("PRAGMA foreign_keys = OFF; " + sql).c_str());
    ASSERT_TRUE(done) << done.error().text() << ": " << sql;
  }

  TestFolder folder_;
  Store store_;
};

TEST_F(PoliciesTest, KeepsThemAsTheyAre) {
  model::ToolInvocationPolicy plain{
      .id = id(3), .agent_id = std::nullopt, .tool = "x", .conditions = {}, .reason = {}};
  EXPECT_TRUE(change(invocation(2)));
  EXPECT_TRUE(change(plain));
  EXPECT_TRUE(change(trusted_data(4)));
  const PolicyRows found = rows();
  EXPECT_EQ(found.invocation, (std::vector{invocation(2), plain}));
  EXPECT_EQ(found.trusted_data, std::vector{trusted_data(4)});
  EXPECT_FALSE(found.fault);
}

TEST_F(PoliciesTest, EveryEnumeratorComesBack) {
  std::uint8_t number = 10;
  for (std::size_t i = 0; i < model::kInvocationActionNames.size(); ++i) {
    model::ToolInvocationPolicy policy = invocation(number++);
    policy.action = static_cast<model::InvocationAction>(i);
    policy.mode = model::PolicyMode::kEnforce;
    policy.conditions = {};
    for (std::size_t op = 0; op < model::kOperatorNames.size(); ++op)
      policy.conditions.push_back({.key = "k", .op = static_cast<model::Operator>(op), .value = "v"});
    ASSERT_TRUE(change(policy));
    EXPECT_EQ(rows().invocation.back(), policy);
  }
  for (std::size_t i = 0; i < model::kTrustActionNames.size(); ++i) {
    model::TrustedDataPolicy policy = trusted_data(9);
    policy.action = static_cast<model::TrustAction>(i);
    ASSERT_TRUE(change(policy));
    EXPECT_EQ(rows().trusted_data, std::vector{policy}) << "put in the place of the one before";
  }
}

TEST_F(PoliciesTest, PutsInThePlaceOfTheOneWithThisId) {
  ASSERT_TRUE(change(invocation(2)));
  ASSERT_TRUE(change(invocation(3)));
  model::ToolInvocationPolicy changed = invocation(2);
  changed.agent_id = std::nullopt;
  changed.tool = "other";
  changed.conditions = {{.key = "k", .op = model::Operator::kContains, .value = "v"}};
  changed.updated += 5us;
  ASSERT_TRUE(change(changed));
  EXPECT_EQ(rows().invocation, (std::vector{changed, invocation(3)}));
}

TEST_F(PoliciesTest, RemovesOneWithItsConditions) {
  ASSERT_TRUE(change(invocation(2)));
  ASSERT_TRUE(change(trusted_data(2)));
  EXPECT_TRUE(change(RemoveInvocationPolicy{id(2)}));
  EXPECT_TRUE(rows().invocation.empty());
  EXPECT_EQ(rows().trusted_data.size(), 1u) << "the other kind has ids of its own";
  EXPECT_TRUE(change(RemoveTrustedDataPolicy{id(2)}));
  EXPECT_TRUE(rows().trusted_data.empty());
  EXPECT_TRUE(change(RemoveTrustedDataPolicy{id(2)})) << "gone already";
  auto database = sqlite::Database::open(folder_.file("archestra.db"), 20ms);
  for (const char* table : {"tool_invocation_conditions", "trusted_data_conditions"}) {
    auto count = database->prepare(std::string("SELECT COUNT(*) FROM ") + table);
    ASSERT_TRUE(count->step().value());
    EXPECT_EQ(count->number(0), 0) << table;
  }
}

TEST_F(PoliciesTest, AnAgentGoesWithItsOwn) {
  ASSERT_TRUE(change(invocation(2)));
  model::ToolInvocationPolicy of_all = invocation(3);
  of_all.agent_id = std::nullopt;
  ASSERT_TRUE(change(of_all));
  ASSERT_TRUE(store_.remove_agent(id(1)));
  EXPECT_EQ(rows().invocation, std::vector{of_all});
}

TEST_F(PoliciesTest, WhatIsNotAcceptedIsNotDone) {
  ASSERT_TRUE(change(invocation(2)));
  PolicyRows seen;
  const auto refused = store_.change_policies(trusted_data(3), [&](PolicyRows all) {
    seen = std::move(all);
    return false;
  });
  ASSERT_TRUE(refused) << refused.error().text();
  EXPECT_FALSE(*refused);
  EXPECT_EQ(seen.invocation, std::vector{invocation(2)}) << "it was shown all there would have been";
  EXPECT_EQ(seen.trusted_data, std::vector{trusted_data(3)});
  EXPECT_TRUE(rows().trusted_data.empty());
  EXPECT_TRUE(change(trusted_data(3))) << "the transaction is over";
}

TEST_F(PoliciesTest, OfAnAgentThatIsNotThereIsAnError) {
  model::ToolInvocationPolicy policy = invocation(2);
  policy.agent_id = id(77);
  EXPECT_FALSE(store_.change_policies(policy, [](const PolicyRows&) { return true; }));
  EXPECT_TRUE(rows().invocation.empty());
}

TEST_F(PoliciesTest, NamesARowThatMakesNoSense) {
  ASSERT_TRUE(change(invocation(2)));
  model::ToolInvocationPolicy good = invocation(3);
  ASSERT_TRUE(change(good));
  ASSERT_TRUE(change(trusted_data(4)));
  const std::string of_2 = " WHERE id = '" + id(2).text() + "'";
  const std::tuple<std::string, std::string, std::string> table[] = {
      {"UPDATE tool_invocation_policies SET action = 'explode'" + of_2, "There is no action \"explode\".",
       "UPDATE tool_invocation_policies SET action = 'block_always'" + of_2},
      {"UPDATE tool_invocation_policies SET mode = ''" + of_2, "There is no mode \"\".",
       "UPDATE tool_invocation_policies SET mode = 'enforce'" + of_2},
      {"UPDATE tool_invocation_policies SET created_at = -1" + of_2, "It has a time that makes no sense.",
       "UPDATE tool_invocation_policies SET created_at = 1" + of_2},
      {"UPDATE tool_invocation_policies SET agent_id = 'nobody'" + of_2,
       "The id of its agent is none, or is not written as ids are.",
       "UPDATE tool_invocation_policies SET agent_id = NULL" + of_2},
      {"UPDATE tool_invocation_conditions SET condition_operator = 'like' WHERE position = 1 AND policy_id = "
       "'" +
           id(2).text() + "'",
       "There is no operator \"like\".",
       "UPDATE tool_invocation_conditions SET condition_operator = 'equal' WHERE policy_id = '" +
           id(2).text() + "'"},
  };
  for (const auto& [breaks, message, mends] : table) {
    execute(breaks);
    const PolicyRows found = rows();
    ASSERT_TRUE(found.fault) << breaks;
    EXPECT_EQ(found.fault->kind, "tool invocation policy");
    EXPECT_EQ(found.fault->id, id(2).text());
    EXPECT_EQ(found.fault->message, message);
    EXPECT_EQ(found.invocation, std::vector{good}) << "the others are there";
    execute(mends);
    EXPECT_FALSE(rows().fault) << mends;
  }
  execute("UPDATE trusted_data_policies SET id = 'x'");
  ASSERT_TRUE(rows().fault);
  EXPECT_EQ(rows().fault->kind, "trusted data policy");
  EXPECT_EQ(rows().fault->id, "x");
}

TEST(EnumNames, GoBothWays) {
  static_assert(model::name_in(model::kOperatorNames, model::Operator::kRegex) == "regex");
  static_assert(model::name_in(model::kOperatorNames, model::Operator::kEqual) == "equal");
  static_assert(model::from_name<model::Operator>(model::kOperatorNames, "endsWith") ==
                model::Operator::kEndsWith);
  static_assert(!model::from_name<model::Operator>(model::kOperatorNames, "Equal"));
  static_assert(!model::from_name<model::Operator>(model::kOperatorNames, ""));
}

}  // namespace
}  // namespace archestra::store
