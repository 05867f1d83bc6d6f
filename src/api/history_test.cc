// What the platform API makes of the history: statistics, recent calls, and who watches.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "api/test_api.h"
#include "telemetry/history/test_recorded.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kHostile = "</script>\"\\\n\x01\xff\xe2\x80\xa8\xf0\x9f\xa4\x96";
constexpr std::string_view kAsJson = "</script>\"\\\n\x01\xef\xbf\xbd\xe2\x80\xa8\xf0\x9f\xa4\x96";

class HistoryApiTest : public ApiFixture {
 protected:
  void add(int calls = 1) {
    telemetry::Recorded recorded(sample_.request);
    telemetry::History::Round round(history_);
    for (int i = 0; i < calls; ++i) round.add(recorded.bytes(), recorded.request());
  }
  dom::element get(const std::string& target, int status = 200) {
    const ServiceAnswer answer = call("GET", target);
    EXPECT_EQ(answer.status, status) << answer.body;
    dom::element root;
    EXPECT_FALSE(parser_.parse(answer.body).get(root)) << answer.body;
    return root;
  }
  static std::string text(dom::element element, const std::string& pointer) {
    return std::string(element.at_pointer(pointer).get_string().value());
  }

  telemetry::SampleCall sample_;
  dom::parser parser_;
};

TEST_F(HistoryApiTest, TextsOfClientsComeOutAsTheyAre) {
  sample_.call.requested_model = kHostile;
  sample_.call.request_labels.user = kHostile;
  sample_.call.agent = model::make_agent(sample_.call.agent->id, std::string(kHostile),
                                         {{std::string(kHostile), std::string(kHostile)}});
  add();
  const dom::element overview = get("/api/statistics/overview?groupBy=agent");
  EXPECT_EQ(text(overview, "/groups/0/name"), kAsJson);
  EXPECT_EQ(text(get("/api/statistics/overview?groupBy=model"), "/groups/0/key"), kAsJson);
  EXPECT_EQ(text(get("/api/statistics/dimensions"), "/labelKeys/0"), kAsJson);
  const dom::element calls = get("/api/recent-calls");
  for (const char* pointer : {"/data/0/model", "/data/0/user", "/data/0/agent/name",
                              "/data/0/agent/labels/0/key", "/data/0/agent/labels/0/value"})
    EXPECT_EQ(text(calls, pointer), kAsJson) << pointer;
}

TEST_F(HistoryApiTest, APageOfLargeCallsEndsEarlyAndGoesOn) {
  std::vector<model::Label> labels;
  for (int i = 0; i < 32; ++i)
    labels.push_back({.key = std::string(200, 'k') + std::to_string(i), .value = std::string(1000, 'v')});
  sample_.call.agent = model::make_agent(sample_.call.agent->id, "A", std::move(labels));
  add(150);
  std::size_t found = 0;
  std::string before;
  for (int pages = 0; pages < 10; ++pages) {
    const ServiceAnswer answer = call("GET", "/api/recent-calls?limit=200" + before);
    EXPECT_LT(answer.body.size(), RecentCallList::kPageBytesMax + 100'000);
    dom::element root = parser_.parse(answer.body);
    found += root["data"].get_array().value().size();
    if (root.at_pointer("/pagination/next").is_null()) break;
    before = "&before=" + text(root, "/pagination/next");
  }
  EXPECT_EQ(found, 150u);
}

TEST_F(HistoryApiTest, SixtyFourMayWatch) {
  std::vector<ServiceAnswer> watching;
  for (std::size_t i = 0; i < LiveFeed::kStreamsMax; ++i) {
    watching.push_back(call("GET", "/api/live"));
    ASSERT_EQ(watching.back().status, 200);
    ASSERT_NE(watching.back().events, nullptr);
  }
  const ServiceAnswer refused = call("GET", "/api/live");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.events, nullptr);
  watching.pop_back();
  EXPECT_EQ(call("GET", "/api/live").status, 200);
  EXPECT_EQ(call("GET", "/api/live", "", "Bearer wrong").status, 401);
}

TEST_F(HistoryApiTest, HoldsNothingAtFirst) {
  const dom::element calls = get("/api/recent-calls");
  EXPECT_EQ(calls["held"].get_int64().value(), 0);
  EXPECT_TRUE(calls["oldestAt"].is_null());
  EXPECT_EQ(get("/api/statistics/overview").at_pointer("/all/totals/calls").get_int64().value(), 0);
  EXPECT_TRUE(get("/api/statistics/overview").at_pointer("/all/totals/latency/p50").is_null());
}

}  // namespace
}  // namespace archestra::api
