#include "telemetry/trace/span_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/log/access_log.h"
#include "telemetry/otlp/span_encoder.h"
#include "telemetry/test_records.h"
#include "telemetry/text.h"

namespace archestra::telemetry {
namespace {

using testing::ElementsAre;

class SpanRecordTest : public testing::Test {
 protected:
  /// Through the ring; `read_` has the result until the next one.
  void round_trip(const call::RequestRecord& request, RecordedContent content = RecordedContent::kNone) {
    ring_.pop();
    ASSERT_TRUE(write_record(request, ring_, content));
    ASSERT_TRUE(read_record(ring_.front(), read_));
  }
  void SetUp() override { ASSERT_TRUE(write_record(sample_health(), ring_)); }  // for the first pop()

  base::ByteRing ring_{1 << 20};
  FinishedRequest read_;
};

TEST_F(SpanRecordTest, ARequestComesBack) {
  call::RequestRecord request = sample_health();
  request.error_type = "overloaded";
  request.http_minor_version = 0;
  request.is_https = true;
  request.trace.sampled = false;
  round_trip(request);
  EXPECT_EQ(read_.request.call, nullptr);
  EXPECT_EQ(read_.request.trace.trace_id, request.trace.trace_id);
  EXPECT_FALSE(read_.request.trace.parent_span_id.is_valid());
  EXPECT_FALSE(read_.request.trace.sampled);
  EXPECT_FALSE(read_.request.trace.random);
  request.trace.random = true;
  round_trip(request);
  EXPECT_TRUE(read_.request.trace.random);
  EXPECT_EQ(read_.request.method, "GET");
  EXPECT_EQ(read_.request.route, "/health");
  EXPECT_EQ(read_.request.error_type, "overloaded");
  EXPECT_EQ(read_.request.http_minor_version, 0);
  EXPECT_TRUE(read_.request.is_https);
  EXPECT_EQ(read_.request.user_agent, "");
  EXPECT_TRUE(read_.tries.empty());
}

TEST_F(SpanRecordTest, RequestLabelsComeBackCut) {
  SampleCall sample;
  const std::string huge =
      std::string(kRequestLabelBytesMax - 1, 'u') + "\xc3\xa9" + std::string(60'000, 'x');
  sample.call.request_labels = {.agent = "planner", .session = "s-1", .run = "r-1", .user = huge};
  round_trip(sample.request);
  const call::RequestLabels& labels = read_.call.request_labels;
  EXPECT_EQ(labels.agent, "planner");
  EXPECT_EQ(labels.session, "s-1");
  EXPECT_EQ(labels.run, "r-1");
  EXPECT_EQ(labels.user, std::string(kRequestLabelBytesMax - 1, 'u'));
  EXPECT_EQ(read_.agent_name, "Support Bot");
}

TEST_F(SpanRecordTest, CapturedContentComesBackWhereItIsWanted) {
  SampleCall sample;
  const std::string longest(call::CapturedContent::kBytesMax, 'x');
  const std::string too_long = longest + "x";
  call::CapturedContent content{.system_instructions = "[1]",
                                .input_messages = longest,
                                .output_messages = "",
                                .tool_definitions = too_long};
  sample.call.content = &content;
  round_trip(sample.request, RecordedContent::kCaptured);
  ASSERT_EQ(read_.call.content, &read_.content);
  EXPECT_EQ(read_.content.system_instructions, "[1]");
  EXPECT_EQ(read_.content.input_messages, longest);
  EXPECT_EQ(read_.content.output_messages, "");
  EXPECT_EQ(read_.content.tool_definitions, "");
  EXPECT_EQ(read_.agent_name, "Support Bot");
  round_trip(sample.request, RecordedContent::kNone);
  EXPECT_EQ(read_.call.content, nullptr);
  sample.call.content = nullptr;
  round_trip(sample.request, RecordedContent::kCaptured);
  EXPECT_EQ(read_.call.content, nullptr);
}

TEST_F(SpanRecordTest, ACallComesBackWhole) {
  const SampleCall sample;
  round_trip(sample.request);
  const call::RequestRecord& request = read_.request;
  EXPECT_EQ(request.trace.trace_id, sample.request.trace.trace_id);
  EXPECT_EQ(request.trace.span_id, sample.request.trace.span_id);
  EXPECT_EQ(request.trace.parent_span_id, sample.request.trace.parent_span_id);
  EXPECT_TRUE(request.trace.sampled);
  EXPECT_EQ(request.trace.tracestate, "vendor=1");
  EXPECT_EQ(request.started_at, sample.request.started_at);
  EXPECT_EQ(request.duration, sample.request.duration);
  EXPECT_EQ(request.url_path, "/v1/openai/chat/completions");
  EXPECT_EQ(request.status_code, 200);
  EXPECT_EQ(request.server_address, "localhost");
  EXPECT_EQ(request.server_port, 9000);
  EXPECT_EQ(request.client_address, "127.0.0.1");
  EXPECT_EQ(request.user_agent, "OpenAI/JS 7.57.0");
  EXPECT_EQ(request.request_body_bytes, 1000u);
  EXPECT_EQ(request.response_body_bytes, 5000u);

  ASSERT_EQ(request.call, &read_.call);
  const call::CallRecord& call = read_.call;
  EXPECT_EQ(call.route.provider, "openai");
  EXPECT_EQ(call.route.route_template, "/v1/openai/chat/completions");
  EXPECT_EQ(call.route.operation->name, "chat.completions");
  EXPECT_EQ(call.route.operation->gen_ai_operation, "chat");
  EXPECT_TRUE(call.route.operation->observed);
  EXPECT_EQ(read_.agent_id, "0f6dc1a8-3b2e-4c1d-9a7f-112233445566");
  EXPECT_EQ(read_.agent_name, "Support Bot");
  ASSERT_EQ(read_.labels.size(), 2u);
  EXPECT_EQ(read_.labels[0].key, "cost-center");
  EXPECT_EQ(read_.labels[1].value, "data");
  EXPECT_EQ(call.requested_model, "gpt-4o");
  EXPECT_EQ(call.response_model, "gpt-4o-2024-08-06");
  EXPECT_EQ(call.response_id, "chatcmpl-abc");
  EXPECT_THAT(call.finish_reasons, ElementsAre("tool_calls", "stop"));
  EXPECT_EQ(call.tool_calls, 1u);
  EXPECT_TRUE(call.stream);
  EXPECT_EQ(call.usage.provenance, call::Provenance::kProvider);
  EXPECT_EQ(call.usage.input_tokens, 100u);
  EXPECT_EQ(call.usage.output_tokens, 40u);
  EXPECT_EQ(call.usage.cache_read_tokens, 64u);
  EXPECT_EQ(call.usage.cache_write_tokens, 0u);
  EXPECT_EQ(call.usage.reasoning_tokens, 8u);
  EXPECT_EQ(call.outcome, call::Outcome::kCompleted);
  EXPECT_EQ(call.gateway_time, sample.call.gateway_time);

  ASSERT_EQ(call.tries.size(), 1u);
  const call::TryRecord& attempt = call.tries[0];
  EXPECT_EQ(attempt.span_id, sample.tries[0].span_id);
  EXPECT_EQ(attempt.started_at, sample.tries[0].started_at);
  EXPECT_EQ(attempt.duration, sample.tries[0].duration);
  EXPECT_EQ(attempt.status_code, 200);
  EXPECT_EQ(attempt.outcome, call::Outcome::kCompleted);
  EXPECT_EQ(attempt.error_type, "");
  EXPECT_EQ(attempt.server_address, "api.openai.com");
  EXPECT_EQ(attempt.server_port, 443);
  EXPECT_EQ(attempt.time_to_first_byte, sample.tries[0].time_to_first_byte);
  EXPECT_EQ(attempt.time_to_first_token, sample.tries[0].time_to_first_token);
  EXPECT_EQ(attempt.time_to_last_token, sample.tries[0].time_to_last_token);
  EXPECT_EQ(attempt.time_to_first_byte_sent, sample.tries[0].time_to_first_byte_sent);
  EXPECT_EQ(attempt.retried_after, std::nullopt);
  EXPECT_EQ(attempt.gaps.counts, sample.tries[0].gaps.counts);
  EXPECT_EQ(attempt.gaps.stalls, 1u);
  ASSERT_EQ(attempt.stalls.size(), 1u);
  EXPECT_EQ(attempt.stalls[0].length, sample.stalls[0].length);
}

TEST_F(SpanRecordTest, ParametersComeBackAsFarAsTheyAreSaid) {
  SampleCall sample;
  sample.parameters = {.numbers = {.max_tokens = 5, .temperature = 0, .seed = -1},
                       .output_type = call::OutputType::kJson,
                       .stop_sequences = {"a", ""},
                       .encoding_format = "float",
                       .service_tier = "flex"};
  sample.call.response_service_tier = "default";
  sample.call.system_fingerprint = "fp_1";
  round_trip(sample.request);
  ASSERT_EQ(read_.call.parameters, &read_.parameters);
  EXPECT_EQ(read_.parameters, sample.parameters);
  EXPECT_EQ(read_.call.response_service_tier, "default");
  EXPECT_EQ(read_.call.system_fingerprint, "fp_1");
  EXPECT_EQ(read_.agent_name, "Support Bot");

  sample.parameters.stop_sequences.assign(100, std::string(1000, 's'));
  round_trip(sample.request);
  EXPECT_THAT(read_.parameters.stop_sequences,
              std::vector<std::string>(call::kStopSequencesMax, std::string(kIdBytesMax, 's')));
  EXPECT_EQ(read_.call.finish_reasons.size(), 2u);

  sample.parameters = {};
  round_trip(sample.request);
  EXPECT_EQ(read_.call.parameters, nullptr);
  sample.call.parameters = nullptr;
  round_trip(sample.request);
  EXPECT_EQ(read_.call.parameters, nullptr);
  EXPECT_EQ(read_.agent_name, "Support Bot");
}

TEST_F(SpanRecordTest, EachTryHasItsOwnStalls) {
  SampleCall sample;
  std::array<call::Stall, call::kStallsToldMax + 1> many;
  for (std::size_t i = 0; i < many.size(); ++i) many[i].length = base::Duration(i);
  std::array<call::TryRecord, 3> tries;
  tries[0].stalls = std::span(many).first(2);
  tries[0].retried_after = base::Duration(7);
  tries[2].stalls = many;
  sample.call.tries = tries;
  round_trip(sample.request);
  ASSERT_EQ(read_.call.tries.size(), 3u);
  ASSERT_EQ(read_.call.tries[0].stalls.size(), 2u);
  EXPECT_EQ(read_.call.tries[0].stalls[1].length, base::Duration(1));
  EXPECT_EQ(read_.call.tries[0].retried_after, base::Duration(7));
  EXPECT_TRUE(read_.call.tries[1].stalls.empty());
  ASSERT_EQ(read_.call.tries[2].stalls.size(), call::kStallsToldMax);
  EXPECT_EQ(read_.call.tries[2].stalls.back().length, base::Duration(call::kStallsToldMax - 1));
}

TEST_F(SpanRecordTest, KeepsTheFirstDecisions) {
  SampleCall sample;
  const auto policy = base::Uuid::parse("11111111-2222-4333-8444-555555555555");
  std::vector<call::ToolDecision> decisions{
      {.tool = "read"},
      {.tool = "send", .decision = call::Decision::kWouldBlock, .policy_id = policy, .reason = "why"}};
  sample.call.tool_decisions = decisions;
  sample.call.blocked_tool_calls = 3;
  sample.call.policy = {.results_trusted = 1, .calls_judged = 2, .time = std::chrono::microseconds(5)};
  round_trip(sample.request);
  ASSERT_EQ(read_.decisions.size(), 2u);
  EXPECT_EQ(read_.decisions[0].tool, "read");
  EXPECT_EQ(read_.decisions[0].decision, call::Decision::kAllowed);
  EXPECT_FALSE(read_.decisions[0].policy_id);
  EXPECT_EQ(read_.decisions[1].decision, call::Decision::kWouldBlock);
  EXPECT_EQ(read_.decisions[1].policy_id, policy);
  EXPECT_EQ(read_.decisions[1].reason, "why");
  EXPECT_EQ(read_.decisions_left_out, 0u);
  EXPECT_EQ(read_.call.blocked_tool_calls, 3u);
  EXPECT_EQ(read_.call.policy, sample.call.policy);

  decisions.assign(kRecordedDecisionsMax + 5, {.tool = std::string(1000, 't')});
  sample.call.tool_decisions = decisions;
  round_trip(sample.request);
  EXPECT_EQ(read_.decisions.size(), kRecordedDecisionsMax);
  EXPECT_EQ(read_.decisions_left_out, 5u);
  EXPECT_EQ(read_.decisions.back().tool.size(), kNameBytesMax);

  sample.call.blocked_tool_calls = 0;
  sample.call.policy = {};
  round_trip(sample.request);
  EXPECT_TRUE(read_.decisions.empty()) << "no policy looked at them";
  EXPECT_EQ(read_.decisions_left_out, 0u);
}

TEST_F(SpanRecordTest, WhatIsEmptyStaysEmpty) {
  SampleCall sample;
  call::CallRecord bare;
  sample.request.call = &bare;
  round_trip(sample.request);
  EXPECT_EQ(read_.call.route.provider, "");
  EXPECT_EQ(read_.operation.name, "");
  EXPECT_EQ(read_.agent_id, "");
  EXPECT_TRUE(read_.labels.empty());
  EXPECT_TRUE(read_.call.finish_reasons.empty());
  EXPECT_TRUE(read_.call.tries.empty());

  call::TryRecord attempt;
  bare.tries = {&attempt, 1};
  round_trip(sample.request);
  ASSERT_EQ(read_.call.tries.size(), 1u);
  EXPECT_EQ(read_.call.tries[0].time_to_first_token, std::nullopt);
}

TEST_F(SpanRecordTest, NothingIsLeftOfTheRecordBefore) {
  const SampleCall sample;
  round_trip(sample.request);
  round_trip(sample_health());
  EXPECT_EQ(read_.request.call, nullptr);
  EXPECT_TRUE(read_.tries.empty());
  EXPECT_EQ(read_.request.user_agent, "");
  EXPECT_EQ(read_.request.trace.tracestate, "");
}

TEST_F(SpanRecordTest, HugeTextsAreCut) {
  SampleCall sample;
  const std::string huge(100 << 10, 'h');
  const std::string huge_model = std::string(kModelBytesMax - 1, 'm') + "\xc3\xa9" + huge;
  sample.call.requested_model = huge_model;
  sample.call.response_model = huge;
  sample.call.response_id = huge;
  sample.call.agent = model::make_agent(base::Uuid{}, huge, std::vector<model::Label>(100, {huge, huge}));
  const std::vector<std::string_view> reasons(1000, huge);
  sample.call.finish_reasons = reasons;
  std::vector<call::TryRecord> tries(100, sample.tries[0]);
  for (std::size_t i = 0; i < tries.size(); ++i) tries[i].status_code = static_cast<int>(i);
  for (call::TryRecord& attempt : tries) attempt.error_type = attempt.server_address = huge;
  sample.call.tries = tries;
  sample.request.method = sample.request.route = sample.request.url_path = sample.request.error_type = huge;
  sample.request.server_address = sample.request.client_address = sample.request.user_agent = huge;
  round_trip(sample.request);

  EXPECT_EQ(read_.call.requested_model, std::string(kModelBytesMax - 1, 'm'));
  EXPECT_EQ(read_.call.response_model.size(), kModelBytesMax);
  EXPECT_EQ(read_.request.url_path.size(), kPathBytesMax);
  EXPECT_EQ(read_.request.user_agent.size(), kNameBytesMax);
  EXPECT_EQ(read_.agent_name.size(), kAgentNameBytesMax);
  EXPECT_EQ(read_.labels.size(), kRecordedLabelsMax);
  EXPECT_EQ(read_.labels.back().key.size(), kLabelKeyBytesMax);
  EXPECT_EQ(read_.labels.back().value.size(), kLabelValueBytesMax);
  EXPECT_EQ(read_.call.finish_reasons.size(), kRecordedFinishReasonsMax);
  ASSERT_EQ(read_.call.tries.size(), kRecordedTriesMax);
  EXPECT_EQ(read_.call.tries.back().status_code, 99);
  EXPECT_EQ(read_.call.tries.back().server_address.size(), kNameBytesMax);
}

TEST_F(SpanRecordTest, ATracestateIsCutBetweenMembers) {
  SampleCall sample;
  std::string tracestate = "a=" + std::string(300, '1') + ",b=" + std::string(200, '2');
  sample.request.trace.tracestate = tracestate;
  round_trip(sample.request);
  EXPECT_EQ(read_.request.trace.tracestate, tracestate);
  tracestate += ",c=" + std::string(100, '3');
  sample.request.trace.tracestate = tracestate;
  round_trip(sample.request);
  EXPECT_EQ(read_.request.trace.tracestate, tracestate.substr(0, tracestate.rfind(',')));
  tracestate = "a=" + std::string(600, '1');
  sample.request.trace.tracestate = tracestate;
  round_trip(sample.request);
  EXPECT_EQ(read_.request.trace.tracestate, "");
}

TEST_F(SpanRecordTest, AFullRingRefuses) {
  const SampleCall sample;
  base::ByteRing small(2048);
  int written = 0;
  while (write_record(sample.request, small)) ++written;
  EXPECT_GT(written, 0);
  small.pop();
  EXPECT_TRUE(write_record(sample.request, small));
}

TEST_F(SpanRecordTest, ARecordCutOrLengthenedIsNoRecord) {
  const SampleCall sample;
  round_trip(sample.request);
  const std::span<const std::byte> record = ring_.front();
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_FALSE(
        read_record(std::vector<std::byte>(record.begin(), record.begin() + static_cast<long>(size)), read_))
        << size;
  std::vector<std::byte> longer(record.begin(), record.end());
  longer.push_back(std::byte{0});
  EXPECT_FALSE(read_record(longer, read_));
}

TEST_F(SpanRecordTest, APrefixTellsFormatAndSpans) {
  SampleCall sample;
  round_trip(sample.request);
  const auto prefix = read_prefix(ring_.front());
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->format, kRecordFormat);
  EXPECT_EQ(prefix->spans, 2);
  sample.request.trace.sampled = false;
  round_trip(sample.request);
  EXPECT_EQ(read_prefix(ring_.front())->spans, 0) << "nothing is lost with it";
  round_trip(sample_health());
  EXPECT_EQ(read_prefix(ring_.front())->spans, 1);
  EXPECT_FALSE(read_prefix(ring_.front().first(sizeof(RecordPrefix) - 1)));
}

TEST_F(SpanRecordTest, ARecordOfAnotherFormatIsNotRead) {
  round_trip(sample_health());
  std::vector<std::byte> record(ring_.front().begin(), ring_.front().end());
  ASSERT_TRUE(read_record(record, read_));
  record[0] = std::byte{kRecordFormat + 1};
  EXPECT_FALSE(read_record(record, read_));
  EXPECT_EQ(read_prefix(record)->spans, 1);
}

// Whatever one byte becomes, the record is refused or is one that can be encoded; and there are bytes of both
// kinds.
TEST_F(SpanRecordTest, AnyByteMayBeDamaged) {
  SampleCall sample;
  const std::vector<call::ToolDecision> decisions{{.tool = "read", .reason = "why"}};
  sample.call.tool_decisions = decisions;
  sample.call.policy.calls_judged = 1;
  round_trip(sample.request);
  const std::vector<std::byte> record(ring_.front().begin(), ring_.front().end());
  std::size_t refused = 0;
  std::size_t taken = 0;
  ProtoWriter out;
  std::string line;
  for (std::size_t at = 0; at < record.size(); ++at) {
    for (const unsigned change : {0x01u, 0x7fu, 0x80u, 0xffu}) {
      std::vector<std::byte> damaged = record;
      damaged[at] ^= std::byte(change);
      if (!read_record(damaged, read_)) {
        ++refused;
        continue;
      }
      ++taken;
      EXPECT_LE(read_.call.outcome, call::Outcome::kInternalError);
      EXPECT_LE(read_.call.usage.provenance, call::Provenance::kProvider);
      EXPECT_LE(read_.decisions[0].decision, call::Decision::kWouldBlock);
      out.clear();
      otlp::encode_spans(read_, out);
      append_access_log(line, read_, base::LogFormat::kJson);
      std::string scratch;
      EXPECT_EQ(as_valid_utf8(line, scratch).data(), line.data()) << at;
      line.clear();
    }
  }
  EXPECT_GT(refused, 100u);
  EXPECT_GT(taken, 1000u);
}

TEST_F(SpanRecordTest, MoreStopSequencesThanThereCanBeAreNoRecord) {
  const auto record_of = [&](std::size_t stop_sequences, std::size_t finish_reasons) {
    SampleCall sample;
    sample.call.agent = nullptr;  // no labels, whose texts would move
    sample.call.request_labels = {};
    sample.parameters.stop_sequences.assign(stop_sequences, "");
    const std::vector<std::string_view> reasons(finish_reasons);
    sample.call.finish_reasons = reasons;
    round_trip(sample.request);
    return std::vector<std::byte>(ring_.front().begin(), ring_.front().end());
  };
  // Texts are as many in both, so that the two counts alone differ; one step further is too far.
  std::vector<std::byte> record = record_of(call::kStopSequencesMax, 2);
  const std::vector<std::byte> fewer = record_of(call::kStopSequencesMax - 1, 3);
  ASSERT_EQ(record.size(), fewer.size());
  const auto replace = [&](std::size_t count, std::size_t other, std::size_t by) {
    std::size_t replaced = 0;
    for (std::size_t i = 0; i < record.size(); ++i) {
      if (record[i] != std::byte(count) || fewer[i] != std::byte(other)) continue;
      record[i] = std::byte(by);
      ++replaced;
    }
    return replaced;
  };
  ASSERT_EQ(replace(call::kStopSequencesMax, call::kStopSequencesMax - 1, call::kStopSequencesMax + 1), 1u);
  ASSERT_EQ(replace(2, 3, 1), 1u);
  EXPECT_FALSE(read_record(record, read_));
}

}  // namespace
}  // namespace archestra::telemetry
