#include "api/cardinality.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

#include "api/test_api.h"
#include "telemetry/test_records.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;

class CardinalityApiTest : public ApiFixture {
 protected:
  void run(const std::string& model) {
    telemetry::SampleCall sample;
    sample.call.requested_model = model;
    shard_metrics_.on_call_started(sample.call.route, sample.call.agent);
    shard_metrics_.on_request_finished(sample.request);
  }
  dom::element get(const std::string& query = "") {
    const ServiceAnswer answer = call("GET", "/api/metrics/cardinality" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    dom::element root;
    EXPECT_FALSE(parser_.parse(answer.body).get(root)) << answer.body;
    return root;
  }
  static std::uint64_t number(dom::element element, const std::string& pointer) {
    return element.at_pointer(pointer).get_uint64().value();
  }

  dom::parser parser_;
};

TEST_F(CardinalityApiTest, IsThereBeforeTheFirstCall) {
  const dom::element found = get();
  EXPECT_EQ(number(found, "/labelSets/model/used"), 0u);
  EXPECT_EQ(number(found, "/labelSets/model/max"), telemetry::kLabelSetsDefault);
  EXPECT_EQ(number(found, "/labelSets/agent/max"), telemetry::kLabelSetsDefault);
  EXPECT_EQ(number(found, "/labelSets/tool/max"), telemetry::LabelBudgets::kToolsMax);
  EXPECT_EQ(found["sets"].get_array().size(), 0u);
}

TEST_F(CardinalityApiTest, NamesTheLargestSets) {
  for (int i = 0; i < 30; ++i) run("model " + std::to_string(i));
  const std::string hostile = "</script>\"\\\n\xff";
  run(hostile);
  EXPECT_EQ(get()["sets"].get_array().size(), 20u);
  EXPECT_EQ(get("?limit=1")["sets"].get_array().size(), 1u);
  const dom::element found = get("?limit=100");
  EXPECT_EQ(found["sets"].get_array().size(), 32u) << "31 models, and what the agent does without one";
  EXPECT_EQ(number(found, "/labelSets/model/used"), 31u);
  std::size_t hostile_sets = 0;
  for (const dom::element set : found["sets"].get_array()) {
    EXPECT_EQ(set["labels"]["team"].get_string().value(), "data");
    if (const auto model = set["labels"]["model"]; !model.error())
      hostile_sets += model.get_string().value() == "</script>\"\\\n\xef\xbf\xbd";
  }
  EXPECT_EQ(hostile_sets, 1u);
  std::uint64_t series = 0;
  for (const dom::element metric : found["metrics"].get_array())
    series += metric["series"].get_uint64().value();
  EXPECT_EQ(series, number(found, "/series"));
}

TEST_F(CardinalityApiTest, TakesALimitWithinBounds) {
  for (const std::string query :
       {"?limit=0", "?limit=101", "?limit=-1", "?limit=x", "?limit=1&limit=2", "?top=3"})
    EXPECT_EQ(call("GET", "/api/metrics/cardinality" + query).status, 400) << query;
  EXPECT_EQ(call("GET", "/api/metrics/cardinality", "", "").status, 401);
  EXPECT_EQ(call("POST", "/api/metrics/cardinality", "{}").status, 405);
}

}  // namespace
}  // namespace archestra::api
