#include "telemetry/log/access_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "telemetry/test_records.h"

namespace archestra::telemetry {
namespace {

std::string line_of(const call::RequestRecord& request, base::LogFormat format = base::LogFormat::kJson) {
  base::ByteRing ring(1 << 20);
  FinishedRequest finished;
  EXPECT_TRUE(write_record(request, ring));
  EXPECT_TRUE(read_record(ring.front(), finished));
  std::string line;
  append_access_log(line, finished, format);
  return line;
}

TEST(AccessLog, OfACall) {
  EXPECT_EQ(
      line_of(SampleCall().request),
      R"({"time":"2023-11-14T22:13:23.000000Z","level":"info","message":"llm call","method":"POST",)"
      R"("route":"/v1/openai/chat/completions","status_code":200,"duration_ms":3000,"outcome":"completed",)"
      R"("provider":"openai","operation":"chat.completions","model":"gpt-4o",)"
      R"("response_model":"gpt-4o-2024-08-06","stream":true,)"
      R"("agent_id":"0f6dc1a8-3b2e-4c1d-9a7f-112233445566","agent_name":"Support Bot",)"
      R"("labels":{"cost-center":"42","team":"data"},"usage_provenance":"provider","input_tokens":100,)"
      R"("output_tokens":40,"cache_read_tokens":64,"cache_write_tokens":0,"reasoning_tokens":8,)"
      R"("time_to_first_byte_ms":201,"time_to_first_token_ms":250,"time_to_last_token_ms":2800,"stalls":1,)"
      R"("gateway_ms":1.5,"tries":1,"finish_reasons":["tool_calls","stop"],)"
      R"("tool_calls":1,"tool_results":0,"request_bytes":1000,"response_bytes":5000,"client_address":"127.0.0.1",)"
      R"("trace_id":"11111111111111111111111111111101","span_id":"11111111111111a1"})"
      "\n");
}

TEST(AccessLog, AsText) {
  EXPECT_EQ(line_of(SampleCall().request, base::LogFormat::kText),
            "time=2023-11-14T22:13:23.000000Z level=info message=\"llm call\" method=POST "
            "route=/v1/openai/chat/completions status_code=200 duration_ms=3000 outcome=completed "
            "provider=openai operation=chat.completions model=gpt-4o response_model=gpt-4o-2024-08-06 "
            "stream=true agent_id=0f6dc1a8-3b2e-4c1d-9a7f-112233445566 agent_name=\"Support Bot\" "
            "labels.cost-center=42 labels.team=data usage_provenance=provider input_tokens=100 "
            "output_tokens=40 cache_read_tokens=64 cache_write_tokens=0 reasoning_tokens=8 "
            "time_to_first_byte_ms=201 time_to_first_token_ms=250 time_to_last_token_ms=2800 stalls=1 "
            "gateway_ms=1.5 tries=1 finish_reasons=tool_calls,stop tool_calls=1 "
            "tool_results=0 request_bytes=1000 response_bytes=5000 client_address=127.0.0.1 "
            "trace_id=11111111111111111111111111111101 span_id=11111111111111a1\n");
}

TEST(AccessLog, WhatOthersSayCannotForgeAFieldOrALine) {
  SampleCall sample;
  sample.call.requested_model = "gpt\nlevel=error outcome=\"forged\"";
  const std::string line = line_of(sample.request, base::LogFormat::kText);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find(R"( model="gpt\nlevel=error outcome=\"forged\"" )"), std::string::npos) << line;
}

TEST(AccessLog, OfACallThatFailed) {
  SampleCall sample;
  sample.call.agent = nullptr;
  sample.call.outcome = sample.tries[0].outcome = call::Outcome::kUpstreamUnreachable;
  sample.call.usage = {};
  sample.call.requested_model = sample.call.response_model = "";
  sample.call.finish_reasons = {};
  sample.tries[0].time_to_first_byte_sent = sample.tries[0].time_to_first_token = std::nullopt;
  sample.tries[0].error_type = "connection_refused";
  sample.request.status_code = 502;
  EXPECT_EQ(
      line_of(sample.request),
      R"({"time":"2023-11-14T22:13:23.000000Z","level":"warn","message":"llm call","method":"POST",)"
      R"("route":"/v1/openai/chat/completions","status_code":502,"duration_ms":3000,)"
      R"("outcome":"upstream_unreachable","provider":"openai","operation":"chat.completions","stream":true,)"
      R"("usage_provenance":"unknown","gateway_ms":1.5,"tries":1,"tool_calls":1,"tool_results":0,"request_bytes":1000,)"
      R"("response_bytes":5000,"client_address":"127.0.0.1",)"
      R"("trace_id":"11111111111111111111111111111101","span_id":"11111111111111a1",)"
      R"("error_type":"connection_refused"})"
      "\n");
}

TEST(AccessLog, SaysWhatTheClientSays) {
  SampleCall sample;
  sample.call.request_labels = {.agent = "planner", .session = "a\"b\xff", .run = "", .user = "u-1"};
  const std::string line = line_of(sample.request);
  EXPECT_NE(line.find(R"(},"client_agent_id":"planner","session_id":"a\"b)"
                      "\xef\xbf\xbd"
                      R"(","user_id":"u-1","usage_provenance")"),
            std::string::npos)
      << line;
}

TEST(AccessLog, SaysWhatTheClientDidNotGet) {
  SampleCall sample;
  EXPECT_EQ(line_of(sample.request).find("undelivered"), std::string::npos);
  sample.call.undelivered_tokens = 12;
  EXPECT_NE(line_of(sample.request).find(R"("undelivered_tokens":12,)"), std::string::npos);
}

TEST(AccessLog, SaysWhatPoliciesBlocked) {
  SampleCall sample;
  EXPECT_EQ(line_of(sample.request).find("blocked"), std::string::npos);
  sample.call.blocked_tool_calls = 2;
  sample.call.policy.results_blocked = 3;
  EXPECT_NE(line_of(sample.request).find(R"("blocked_tool_calls":2,"blocked_tool_results":3,)"),
            std::string::npos);
}

TEST(AccessLog, OfAnotherRequest) {
  EXPECT_EQ(
      line_of(sample_health()),
      R"({"time":"2023-11-14T22:13:20.000100Z","level":"debug","message":"http request","method":"GET",)"
      R"("route":"/health","status_code":200,"duration_ms":0.1,"request_bytes":0,"response_bytes":0,)"
      R"("trace_id":"11111111111111111111111111111102","span_id":"11111111111111a2"})"
      "\n");
}

TEST(AccessLog, TimesAreInMillisecondsToTheMicrosecond) {
  using namespace std::chrono_literals;
  const std::pair<base::Duration, const char*> cases[] = {
      {0ns, "0"}, {999ns, "0"}, {1us, "0.001"}, {1500us, "1.5"}, {12ms, "12"}, {61s + 20us, "61000.02"}};
  for (const auto& [duration, text] : cases) {
    call::RequestRecord request = sample_health();
    request.duration = duration;
    EXPECT_NE(line_of(request).find("\"duration_ms\":" + std::string(text) + ","), std::string::npos) << text;
  }
}

TEST(AccessLog, StaysOneLineOfJsonWhateverTheTextsAre) {
  SampleCall sample;
  sample.call.requested_model = "a\"b\\c\nd\xff";
  sample.call.agent = model::make_agent(base::Uuid{}, "A", {{"k\"\n", "v\\"}});
  const std::string line = line_of(sample.request);
  EXPECT_NE(line.find(R"("model":"a\"b\\c\nd)"
                      "\xef\xbf\xbd\""),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(R"("labels":{"k\"\n":"v\\"})"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

}  // namespace
}  // namespace archestra::telemetry
