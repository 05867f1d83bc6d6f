#include "telemetry/metrics/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::telemetry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

model::AgentRef agent_with(std::vector<model::Label> labels) {
  return model::make_agent(base::Uuid{}, "A", std::move(labels));
}

TEST(Labels, KeysBecomePrometheusNames) {
  EXPECT_EQ(label_name_from("cost-center"), "cost_center");
  EXPECT_EQ(label_name_from("Team.Name/x y"), "Team_Name_x_y");
  EXPECT_EQ(label_name_from("2fast"), "_2fast");
  EXPECT_EQ(label_name_from("_own"), "_own");
  EXPECT_EQ(label_name_from("__name__"), "_name__");
  EXPECT_EQ(label_name_from("--x"), "_x");
  EXPECT_EQ(label_name_from("gr\xc3\xb6\xc3\x9f"
                            "e"),
            "gr____e");
  EXPECT_EQ(label_name_from(""), "_");
  EXPECT_EQ(label_name_from("\xe2\x82\xac"), "_");
}

TEST(Labels, OfAnAgentAreSorted) {
  EXPECT_THAT(agent_labels(*agent_with({{"team", "data"}, {"cost-center", "42"}})),
              ElementsAre(Label{"cost_center", "42"}, Label{"team", "data"}));
}

TEST(Labels, ThatWouldBreakTheScrapeAreLeftOut) {
  EXPECT_THAT(agent_labels(*agent_with({{"model", "x"}, {"status-code", "x"}, {"le", "x"}, {"empty", ""}})),
              IsEmpty());
  EXPECT_THAT(agent_labels(*agent_with({{"a-b", "first"}, {"a_b", "second"}})),
              ElementsAre(Label{"a_b", "first"}));
}

TEST(Labels, AnUnknownAgentIsCalledSo) {
  const LabelBase base = llm_labels("openai", "gpt-4o", nullptr);
  EXPECT_THAT(base.values, ElementsAre("openai", "gpt-4o", "unknown", "unknown"));
  EXPECT_THAT(base.agent_labels, IsEmpty());
  EXPECT_THAT(agent_base_labels("openai", nullptr).values, ElementsAre("openai", "unknown", "unknown"));
}

TEST(Labels, TextIsEscapedAndValid) {
  EXPECT_EQ(label_part({{"a", "x"}, {"b", "say \"hi\"\\\n"}}).text, "a=\"x\",b=\"say \\\"hi\\\"\\\\\\n\"");
  EXPECT_EQ(label_part({{"a", "\xff\xc3\xa9"}}).text, "a=\"\xef\xbf\xbd\xc3\xa9\"");
  EXPECT_EQ(label_part({}).text, "");
}

TEST(Labels, PairsAreValidAndNotEscaped) {
  EXPECT_THAT(label_part({{"a", "say \"hi\"\\\n"}, {"b", "\xff"}}).pairs,
              ElementsAre(Label{"a", "say \"hi\"\\\n"}, Label{"b", "\xef\xbf\xbd"}));
}

}  // namespace
}  // namespace archestra::telemetry
