#include "api/label_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/test_api.h"

namespace archestra::api {
namespace {

using ::testing::HasSubstr;

TEST(CheckLabels, SaysWhatBecomesOfThem) {
  EXPECT_EQ(
      check_labels(
          R"({"labels":[{"key":"cost-center","value":"1"},{"key":"cost.center","value":"2"},{"key":"","value":""},{"key":"model","value":"x"}]})")
          .body,
      R"({"labels":[{"key":"cost-center","metricLabel":"cost_center","spanAttribute":"agent.cost-center","problem":null},)"
      R"({"key":"cost.center","metricLabel":"cost_center","spanAttribute":"agent.cost.center","problem":"The label keys \"cost-center\" and \"cost.center\" collide: both become \"cost_center\" in metrics."},)"
      R"({"key":"","metricLabel":null,"spanAttribute":null,"problem":"The key of label 3 is empty."},)"
      R"({"key":"model","metricLabel":"model","spanAttribute":"agent.model","problem":"The label key \"model\" collides with the label of that name that metrics have."}],)"
      R"("problem":null})");
  EXPECT_EQ(check_labels(R"({"labels":[]})").body, R"({"labels":[],"problem":null})");
}

TEST(CheckLabels, SaysThatThereAreTooMany) {
  const auto draft = [](std::size_t count) {
    std::string body = R"({"labels":[)";
    for (std::size_t i = 0; i < count; ++i)
      body += (i == 0 ? "" : ",") + (R"({"key":"k)" + std::to_string(i)) + R"(","value":""})";
    return body + "]}";
  };
  EXPECT_THAT(check_labels(draft(32)).body, HasSubstr(R"(],"problem":null})"));
  EXPECT_THAT(check_labels(draft(33)).body,
              HasSubstr(R"(],"problem":"There are 33 labels; an agent may have 32."})"));
  EXPECT_EQ(check_labels(draft(1000)).status, 200);
  EXPECT_EQ(check_labels(draft(1001)).status, 400);
}

TEST(CheckLabels, WantsADraft) {
  for (const char* body : {"", "[]", "{}", R"({"labels":{}})", R"({"labels":[1]})",
                           R"({"labels":[{"key":"a"}]})", R"({"labels":[],"name":"x"})"})
    EXPECT_EQ(check_labels(body).status, 400) << body;
}

class LabelChecks : public ApiFixture {};

TEST_F(LabelChecks, AgreeWithMakingAnAgent) {
  for (const char* labels :
       {R"([{"key":"a","value":"b"}])", R"([{"key":"id","value":"b"}])", R"([{"key":"__a","value":""}])",
        R"([{"key":"a","value":""},{"key":"a","value":""}])", R"([{"key":"a\u0001","value":""}])",
        R"([{"key":"a","value":"\u007f"}])"}) {
    const ServiceAnswer checked =
        call("POST", "/api/agents/labels/check", std::string(R"({"labels":)") + labels + "}");
    const ServiceAnswer made =
        call("POST", "/api/agents", std::string(R"({"name":"A","labels":)") + labels + "}");
    EXPECT_EQ(checked.status, 200);
    if (made.status == 201) {
      EXPECT_THAT(checked.body, HasSubstr(R"("problem":null}],"problem":null})"));
      continue;
    }
    const std::string_view message = R"({"error":{"message":)";
    const std::string sentence =
        made.body.substr(message.size(), made.body.find(R"(,"type")") - message.size());
    EXPECT_THAT(checked.body, HasSubstr("\"problem\":" + sentence)) << labels;
  }
}

}  // namespace
}  // namespace archestra::api
