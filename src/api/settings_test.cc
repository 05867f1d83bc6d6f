#include "api/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace archestra::api {
namespace {

using ::testing::HasSubstr;

class SettingsTest : public ::testing::Test {
 protected:
  std::string get(std::string_view host) const {
    const Settings settings({.effective = [this] { return std::make_shared<EffectiveSettings>(effective_); },
                             .telemetry = [this] { return health_; }});
    const ServiceAnswer answer = settings.get(host);
    EXPECT_EQ(answer.status, 200);
    return answer.body;
  }
  EffectiveSettings effective_{
      .started_at = base::WallTime(std::chrono::seconds(1'700'000'000)),
      .scheme = "http",
      .metrics_port = 9050,
      .providers = {{.name = "openai", .dialect = "openai", .upstream_url = "https://api.openai.com/v1"}},
      .settings = {{.name = "A",
                    .flag = "--a",
                    .value = "1",
                    .source = "flag",
                    .is_secret = false,
                    .reloads = true,
                    .description = "\"x\""},
                   {.name = "B",
                    .flag = "--b",
                    .value = {},
                    .source = "default",
                    .is_secret = true,
                    .reloads = false,
                    .description = ""}},
      .traces_endpoint = "http://localhost:4318/v1/traces"};
  telemetry::Health health_;
};

TEST_F(SettingsTest, WhereItIsReached) {
  const std::string body = get("localhost:9000");
  EXPECT_THAT(body,
              HasSubstr(R"("startedAt":"2023-11-14T22:13:20.000000Z","apiBaseUrl":"http://localhost:9000",)"
                        R"("apiBaseUrlSource":"request","metricsUrl":"http://localhost:9050/metrics",)"
                        R"("metricsSecretSet":false)"));
  EXPECT_THAT(body,
              HasSubstr(R"([{"name":"openai","dialect":"openai","baseUrl":"http://localhost:9000/v1/openai",)"
                        R"("upstreamUrl":"https://api.openai.com/v1"}])"));
  EXPECT_THAT(get("[::1]:9000"), HasSubstr(R"("metricsUrl":"http://[::1]:9050/metrics")"));
  EXPECT_THAT(get("a\"b"), HasSubstr(R"("apiBaseUrl":"http://a\"b",)"));
  effective_.scheme = "https";
  EXPECT_THAT(get("a.example"), HasSubstr(R"("apiBaseUrl":"https://a.example",)"));
  effective_.api_base_url = "https://gateway.example/llm";
  const std::string set = get("localhost:9000");
  EXPECT_THAT(set, HasSubstr(R"("apiBaseUrl":"https://gateway.example/llm","apiBaseUrlSource":"setting",)"
                             R"("metricsUrl":"http://gateway.example:9050/metrics")"));
  EXPECT_THAT(set, HasSubstr(R"("baseUrl":"https://gateway.example/llm/v1/openai")"));
}

TEST_F(SettingsTest, WhatItRunsWith) {
  EXPECT_THAT(
      get("h"),
      HasSubstr(
          R"("settings":[{"name":"A","flag":"--a","value":"1","source":"flag","isSecret":false,"reloads":true,"description":"\"x\""},)"
          R"({"name":"B","flag":"--b","value":null,"source":"default","isSecret":true,"reloads":false,"description":""}])"));
}

TEST_F(SettingsTest, WhetherTelemetryArrives) {
  EXPECT_THAT(
      get("h"),
      HasSubstr(
          R"("traces":{"exported":false,"endpoint":"http://localhost:4318/v1/traces","sent":0,"rejected":0,"unsent":0,)"
          R"("oldestUnsentSeconds":0,)"
          R"("failing":false,"lastError":null,"lastErrorAt":null,"lastSuccessAt":null})"));
  telemetry::ExportHealth exports;
  exports.note_success();
  exports.note_error("refused");
  health_ = {.exports = exports.facts(),
             .spans_sent = 7,
             .spans_rejected = 1,
             .unsent_spans = 9,
             .oldest_unsent_seconds = 60,
             .spans = {.waiting = 2, .max = 3},
             .spool_bytes = {.waiting = 4, .max = 5},
             .record_bytes = {},
             .log_bytes = {},
             .dropped = {{"traces", "queue_full", 5}, {"logs", "ring_full", 0}}};
  const std::string body = get("h");
  EXPECT_THAT(body, HasSubstr(R"("sent":7,"rejected":1,"unsent":9,"oldestUnsentSeconds":60,"failing":true,)"
                              R"("lastError":"refused","lastErrorAt":"2)"));
  EXPECT_THAT(body, HasSubstr(R"("queues":{"spans":{"waiting":2,"max":3},"spoolBytes":{"waiting":4,"max":5},)"
                              R"("recordBytes":{"waiting":0,"max":0},)"));
  EXPECT_THAT(body, HasSubstr(R"("dropped":[{"signal":"traces","reason":"queue_full","count":5},)"
                              R"({"signal":"logs","reason":"ring_full","count":0}]})"));
  exports.note_success();
  health_.exports = exports.facts();
  EXPECT_THAT(get("h"), HasSubstr(R"("failing":false,"lastError":"refused")")) << "what was wrong last";
}

}  // namespace
}  // namespace archestra::api
