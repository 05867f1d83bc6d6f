#include "telemetry/otlp/log_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "telemetry/otlp/test_attributes.h"
#include "telemetry/test_records.h"
#include "telemetry/test_wire.h"

namespace archestra::telemetry::otlp {
namespace {

using testing::ElementsAre;
using testing::Pair;

/// The record of a request, after the way through the ring.
WireMessage record_of(const call::RequestRecord& request) {
  base::ByteRing ring(1 << 20);
  FinishedRequest finished;
  EXPECT_TRUE(write_record(request, ring));
  EXPECT_TRUE(read_record(ring.front(), finished));
  static ProtoWriter out;  // what the message views
  out.clear();
  encode_log_record(finished, out);
  return WireMessage(out.bytes()).message(2);
}

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(LogEncoder, OfACall) {
  SampleCall sample;
  sample.request.trace.random = true;
  const WireMessage record = record_of(sample.request);
  EXPECT_EQ(record.scalar(1), 1'700'000'003 * kSecond);
  EXPECT_EQ(record.scalar(11), record.scalar(1));
  EXPECT_EQ(record.scalar(2), 9u);
  EXPECT_EQ(record.bytes(3), "info");
  EXPECT_EQ(record.message(5).bytes(1), "llm call");
  EXPECT_EQ(record.scalar(8), 3u);
  EXPECT_EQ(record.bytes(9), std::string(15, '\x11') + '\x01');
  EXPECT_EQ(record.bytes(10), std::string(7, '\x11') + '\xa1');
  EXPECT_EQ(record.bytes(12), "archestra.llm_call");
  EXPECT_THAT(
      attributes_of(record, 6),
      ElementsAre(
          Pair("agent.cost-center", "\"42\""), Pair("agent.id", "\"0f6dc1a8-3b2e-4c1d-9a7f-112233445566\""),
          Pair("agent.name", "\"Support Bot\""), Pair("agent.team", "\"data\""),
          Pair("archestra.duration_ms", "3000.000000f"), Pair("archestra.gateway_ms", "1.500000f"),
          Pair("archestra.operation", "\"chat.completions\""), Pair("archestra.outcome", "\"completed\""),
          Pair("archestra.stalls", "1"), Pair("archestra.time_to_first_byte_ms", "201.000000f"),
          Pair("archestra.time_to_first_token_ms", "250.000000f"),
          Pair("archestra.time_to_last_token_ms", "2800.000000f"), Pair("archestra.tool_calls", "1"),
          Pair("archestra.tool_results", "0"), Pair("archestra.tries", "1"),
          Pair("archestra.usage_provenance", "\"provider\""), Pair("client.address", "\"127.0.0.1\""),
          Pair("gen_ai.request.model", "\"gpt-4o\""),
          Pair("gen_ai.response.finish_reasons", "[\"tool_calls\"\"stop\"]"),
          Pair("gen_ai.response.model", "\"gpt-4o-2024-08-06\""),
          Pair("gen_ai.usage.cache_creation.input_tokens", "0"),
          Pair("gen_ai.usage.cache_read.input_tokens", "64"), Pair("gen_ai.usage.input_tokens", "100"),
          Pair("gen_ai.usage.output_tokens", "40"), Pair("gen_ai.usage.reasoning.output_tokens", "8"),
          Pair("http.request.body.size", "1000"), Pair("http.request.method", "\"POST\""),
          Pair("http.response.body.size", "5000"), Pair("http.response.status_code", "200"),
          Pair("http.route", "\"/v1/openai/chat/completions\""), Pair("llm.provider", "\"openai\""),
          Pair("llm.stream", "true")));
}

TEST(LogEncoder, OfAnotherRequest) {
  call::RequestRecord request = sample_health();
  request.trace.sampled = false;
  const WireMessage record = record_of(request);
  EXPECT_EQ(record.scalar(2), 5u);
  EXPECT_EQ(record.bytes(3), "debug");
  EXPECT_EQ(record.message(5).bytes(1), "http request");
  EXPECT_EQ(record.bytes(12), "archestra.http_request");
  EXPECT_EQ(record.scalar(8), 0u) << "not sampled: there are no spans";
  EXPECT_THAT(attributes_of(record, 6),
              ElementsAre(Pair("archestra.duration_ms", "0.100000f"), Pair("http.request.body.size", "0"),
                          Pair("http.request.method", "\"GET\""), Pair("http.response.body.size", "0"),
                          Pair("http.response.status_code", "200"), Pair("http.route", "\"/health\"")));
}

TEST(LogEncoder, OfACallThatFailed) {
  SampleCall sample;
  sample.call.outcome = sample.tries[0].outcome = call::Outcome::kUpstreamUnreachable;
  sample.tries[0].error_type = "connection_refused";
  const WireMessage record = record_of(sample.request);
  EXPECT_EQ(record.scalar(2), 13u);
  EXPECT_EQ(record.bytes(3), "warn");
  EXPECT_EQ(attributes_of(record, 6).at("error.type"), "\"connection_refused\"");
}

TEST(LogEncoder, NoLabelHidesTheAgentOrIsLost) {
  SampleCall sample;
  sample.call.agent = model::make_agent(base::Uuid{}, "A", {{"id", "1"}, {"name", "2"}, {"k\xff", "v\xff"}});
  const Attributes attributes = attributes_of(record_of(sample.request), 6);
  EXPECT_EQ(attributes.at("agent.name"), "\"A\"");
  EXPECT_EQ(attributes.at("archestra.label.id"), "\"1\"");
  EXPECT_EQ(attributes.at("archestra.label.name"), "\"2\"");
  EXPECT_EQ(attributes.at("agent.k\xef\xbf\xbd"), "\"v\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace archestra::telemetry::otlp
