#include "telemetry/otlp/span_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "telemetry/otlp/test_attributes.h"
#include "telemetry/test_records.h"
#include "telemetry/test_wire.h"

namespace archestra::telemetry::otlp {
namespace {

using testing::ElementsAre;
using testing::Pair;

/// The spans of a request, after the way through the ring.
std::vector<WireMessage> spans_of_request(const call::RequestRecord& request,
                                          SpanNames names = SpanNames::kProvider) {
  base::ByteRing ring(1 << 20);
  FinishedRequest finished;
  EXPECT_TRUE(write_record(request, ring, RecordedContent::kCaptured));
  EXPECT_TRUE(read_record(ring.front(), finished));
  static ProtoWriter out;  // what the messages view
  out.clear();
  encode_spans(finished, out, names);
  std::vector<WireMessage> spans;
  for (const auto& field : WireMessage(out.bytes()).fields()) {
    EXPECT_EQ(field.number, 2u);
    spans.emplace_back(field.bytes);
  }
  EXPECT_EQ(spans.size(), spans_of(request));
  return spans;
}

template <std::size_t N>
std::string raw(const base::HexId<N>& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), N};
}

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(SpanEncoder, ServerSpanOfACall) {
  const SampleCall sample;
  const WireMessage span = spans_of_request(sample.request)[0];
  EXPECT_EQ(span.bytes(1), raw(sample.request.trace.trace_id));
  EXPECT_EQ(span.bytes(2), raw(sample.request.trace.span_id));
  EXPECT_EQ(span.bytes(3), "vendor=1");
  EXPECT_EQ(span.bytes(4), raw(sample.request.trace.parent_span_id));
  EXPECT_EQ(span.bytes(5), "POST /v1/openai/chat/completions");
  EXPECT_EQ(span.scalar(6), 2u);
  EXPECT_EQ(span.scalar(7), 1'700'000'000 * kSecond);
  EXPECT_EQ(span.scalar(8), 1'700'000'003 * kSecond);
  EXPECT_FALSE(span.has(11));
  EXPECT_FALSE(span.has(15));
  EXPECT_EQ(span.scalar(16), 0x301u);
  EXPECT_THAT(
      attributes_of(span, 9),
      ElementsAre(Pair("archestra.outcome", "\"completed\""), Pair("client.address", "\"127.0.0.1\""),
                  Pair("http.request.method", "\"POST\""), Pair("http.response.status_code", "200"),
                  Pair("http.route", "\"/v1/openai/chat/completions\""),
                  Pair("network.protocol.version", "\"1.1\""), Pair("server.address", "\"localhost\""),
                  Pair("server.port", "9000"), Pair("url.path", "\"/v1/openai/chat/completions\""),
                  Pair("url.scheme", "\"http\""), Pair("user_agent.original", "\"OpenAI/JS 7.57.0\"")));
}

TEST(SpanEncoder, ClientSpanOfACall) {
  const SampleCall sample;
  const WireMessage span = spans_of_request(sample.request)[1];
  EXPECT_EQ(span.bytes(1), raw(sample.request.trace.trace_id));
  EXPECT_EQ(span.bytes(2), raw(sample.tries[0].span_id));
  EXPECT_EQ(span.bytes(3), "vendor=1");
  EXPECT_EQ(span.bytes(4), raw(sample.request.trace.span_id));
  EXPECT_EQ(span.bytes(5), "openai.chat.completions");
  EXPECT_EQ(span.scalar(6), 3u);
  EXPECT_EQ(span.scalar(7), 1'700'000'000 * kSecond + 1'000'000);
  EXPECT_EQ(span.scalar(8), 1'700'000'002 * kSecond + 901'000'000);
  EXPECT_FALSE(span.has(15));
  EXPECT_EQ(span.scalar(16), 0x101u);
  EXPECT_THAT(
      attributes_of(span, 9),
      ElementsAre(
          Pair("agent.cost-center", "\"42\""), Pair("agent.id", "\"0f6dc1a8-3b2e-4c1d-9a7f-112233445566\""),
          Pair("agent.name", "\"Support Bot\""), Pair("agent.team", "\"data\""),
          Pair("archestra.outcome", "\"completed\""), Pair("gen_ai.operation.name", "\"chat\""),
          Pair("gen_ai.provider.name", "\"openai\""), Pair("gen_ai.request.max_tokens", "1000"),
          Pair("gen_ai.request.model", "\"gpt-4o\""), Pair("gen_ai.request.stream", "true"),
          Pair("gen_ai.request.temperature", "0.500000f"),
          Pair("gen_ai.response.finish_reasons", "[\"tool_calls\"\"stop\"]"),
          Pair("gen_ai.response.id", "\"chatcmpl-abc\""),
          Pair("gen_ai.response.model", "\"gpt-4o-2024-08-06\""),
          Pair("gen_ai.response.time_to_first_chunk", "0.250000f"),
          Pair("gen_ai.usage.cache_read.input_tokens", "64"), Pair("gen_ai.usage.input_tokens", "100"),
          Pair("gen_ai.usage.output_tokens", "40"), Pair("gen_ai.usage.reasoning.output_tokens", "8"),
          Pair("http.request.method", "\"POST\""), Pair("http.response.status_code", "200"),
          Pair("llm.model", "\"gpt-4o\""), Pair("llm.provider", "\"openai\""), Pair("llm.stream", "true"),
          Pair("openai.api.type", "\"chat_completions\""), Pair("route.category", "\"llm-proxy\""),
          Pair("server.address", "\"api.openai.com\""), Pair("server.port", "443")));
  const auto events = span.all(11);
  ASSERT_EQ(events.size(), 2u);
  const WireMessage first_token(events[0].bytes);
  EXPECT_EQ(first_token.scalar(1), 1'700'000'000 * kSecond + 251'000'000);
  EXPECT_EQ(first_token.bytes(2), "gen_ai.first_token");
  EXPECT_FALSE(first_token.has(3));
  const WireMessage stall(events[1].bytes);
  EXPECT_EQ(stall.scalar(1), 1'700'000'000 * kSecond + 301'000'000);
  EXPECT_EQ(stall.bytes(2), "archestra.stall");
  EXPECT_THAT(attributes_of(stall, 3), ElementsAre(Pair("archestra.stall.duration", "1.500000f")));
  EXPECT_FALSE(span.has(12));
}

TEST(SpanEncoder, StallsThatAreNotToldAreCounted) {
  SampleCall sample;
  for (int i = 0; i < 200; ++i) sample.tries[0].gaps.add(base::Duration(2 * kSecond));
  const WireMessage span = spans_of_request(sample.request)[1];
  EXPECT_EQ(span.all(11).size(), 2u);
  EXPECT_EQ(span.scalar(12), 200u);
}

// The last try is the one whose answer was relayed.
TEST(SpanEncoder, DecisionsAboutToolCallsAreEventsOfTheLastTry) {
  SampleCall sample;
  const auto policy = base::Uuid::parse("11111111-2222-4333-8444-555555555555");
  std::vector<call::ToolDecision> decisions{{.tool = "read"},
                                            {.tool = "send",
                                             .decision = call::Decision::kBlocked,
                                             .policy_id = policy,
                                             .reason = "not to strangers"}};
  sample.call.tool_decisions = decisions;
  sample.call.policy.calls_judged = 2;
  std::array<call::TryRecord, 2> tries{sample.tries[0], sample.tries[0]};
  for (call::TryRecord& attempt : tries) attempt.stalls = {};
  for (call::TryRecord& attempt : tries) attempt.gaps = {};
  sample.call.tries = tries;
  const std::vector<WireMessage> spans = spans_of_request(sample.request);
  EXPECT_EQ(spans[1].all(11).size(), 1u);  // the first token
  const auto events = spans[2].all(11);
  ASSERT_EQ(events.size(), 3u);
  const WireMessage read(events[1].bytes);
  EXPECT_EQ(read.scalar(1), 1'700'000'002 * kSecond + 901'000'000);
  EXPECT_EQ(read.bytes(2), "archestra.tool_decision");
  EXPECT_THAT(attributes_of(read, 3), ElementsAre(Pair("archestra.tool_decision.decision", "\"allowed\""),
                                                  Pair("gen_ai.tool.name", "\"read\"")));
  const WireMessage send(events[2].bytes);
  EXPECT_THAT(
      attributes_of(send, 3),
      ElementsAre(Pair("archestra.tool_decision.decision", "\"blocked\""),
                  Pair("archestra.tool_decision.policy_id", "\"11111111-2222-4333-8444-555555555555\""),
                  Pair("archestra.tool_decision.reason", "\"not to strangers\""),
                  Pair("gen_ai.tool.name", "\"send\"")));
  EXPECT_FALSE(spans[2].has(12));

  decisions.resize(kRecordedDecisionsMax + 7, {.tool = "more"});
  sample.call.tool_decisions = decisions;
  const WireMessage many = spans_of_request(sample.request)[2];
  EXPECT_EQ(many.all(11).size(), 1 + kRecordedDecisionsMax);
  EXPECT_EQ(many.scalar(12), 7u);
}

TEST(SpanEncoder, ATryThatIsFollowedByAnotherSaysWhyAndWhen) {
  SampleCall sample;
  std::array<call::TryRecord, 3> tries{sample.tries[0], sample.tries[0], sample.tries[0]};
  for (call::TryRecord& attempt : tries) {
    attempt.time_to_first_token = std::nullopt;
    attempt.stalls = {};
    attempt.gaps = {};
  }
  tries[0].outcome = call::Outcome::kUpstreamError;
  tries[0].status_code = 503;
  tries[0].duration = base::Duration(kSecond);
  tries[0].retried_after = base::Duration(kSecond / 4);
  tries[1].outcome = call::Outcome::kUpstreamUnreachable;
  tries[1].status_code = 0;
  tries[1].error_type = "connection_refused";
  tries[1].retried_after = base::Duration(2 * kSecond);
  sample.call.tries = tries;
  const auto spans = spans_of_request(sample.request);
  const WireMessage first = spans.at(1).message(11);
  EXPECT_EQ(first.bytes(2), "archestra.retry");
  EXPECT_EQ(first.scalar(1), 1'700'000'001 * kSecond + 1'000'000);
  EXPECT_THAT(attributes_of(first, 3),
              ElementsAre(Pair("archestra.retry.delay", "0.250000f"), Pair("error.type", "\"503\"")));
  EXPECT_THAT(
      attributes_of(spans.at(2).message(11), 3),
      ElementsAre(Pair("archestra.retry.delay", "2.000000f"), Pair("error.type", "\"connection_refused\"")));
  EXPECT_FALSE(spans.at(3).has(11));
  EXPECT_TRUE(spans.at(1).has(15));
  EXPECT_FALSE(spans.at(3).has(15));
}

TEST(SpanEncoder, TellsWhatTheRequestAsksFor) {
  SampleCall sample;
  sample.parameters = {.numbers = {.max_tokens = 0,
                                   .temperature = 0,
                                   .top_p = 0.25,
                                   .top_k = 40,
                                   .frequency_penalty = -1,
                                   .presence_penalty = 1.5,
                                   .seed = -7,
                                   .choice_count = 2,
                                   .dimension_count = 256},
                       .output_type = call::OutputType::kJson,
                       .stop_sequences = {"END", "\xff", ""},
                       .encoding_format = "base64",
                       .service_tier = "flex"};
  sample.call.response_service_tier = "default";
  sample.call.system_fingerprint = "fp_1";
  const Attributes all = attributes_of(spans_of_request(sample.request)[1], 9);
  const Attributes expected{{"gen_ai.request.max_tokens", "0"},
                            {"gen_ai.request.temperature", "0.000000f"},
                            {"gen_ai.request.top_p", "0.250000f"},
                            {"gen_ai.request.top_k", "40.000000f"},
                            {"gen_ai.request.frequency_penalty", "-1.000000f"},
                            {"gen_ai.request.presence_penalty", "1.500000f"},
                            {"gen_ai.request.seed", std::to_string(static_cast<std::uint64_t>(-7))},
                            {"gen_ai.request.choice.count", "2"},
                            {"gen_ai.embeddings.dimension.count", "256"},
                            {"gen_ai.request.stop_sequences", "[\"END\"\"\xef\xbf\xbd\"\"\"]"},
                            {"gen_ai.request.encoding_formats", "[\"base64\"]"},
                            {"gen_ai.output.type", "\"json\""},
                            {"openai.request.service_tier", "\"flex\""},
                            {"openai.response.service_tier", "\"default\""},
                            {"openai.response.system_fingerprint", "\"fp_1\""}};
  for (const auto& [key, value] : expected) {
    ASSERT_TRUE(all.contains(key)) << key;
    EXPECT_EQ(all.at(key), value) << key;
  }

  sample.parameters = {.numbers = {.choice_count = 1}, .service_tier = "auto"};
  const Attributes usual = attributes_of(spans_of_request(sample.request)[1], 9);
  for (const auto& [key, value] : expected)
    EXPECT_EQ(usual.contains(key), key.starts_with("openai.response.")) << key;
}

TEST(SpanEncoder, FlagsAreTheTracesAndTheParents) {
  SampleCall sample;
  sample.request.trace.random = true;
  auto spans = spans_of_request(sample.request);
  EXPECT_EQ(spans[0].scalar(16), 0x303u);
  EXPECT_EQ(spans[1].scalar(16), 0x103u);
  sample.request.trace.parent_span_id = {};
  spans = spans_of_request(sample.request);
  EXPECT_EQ(spans[0].scalar(16), 0x103u);
  EXPECT_EQ(spans[1].scalar(16), 0x103u);
}

TEST(SpanEncoder, NamesAreTheConventionsWhereWanted) {
  static constexpr call::Operation kPassThrough{.name = "request", .gen_ai_operation = ""};
  SampleCall sample;
  const auto name = [&](SpanNames names) {
    return std::string(spans_of_request(sample.request, names)[1].bytes(5));
  };
  EXPECT_EQ(name(SpanNames::kProvider), "openai.chat.completions");
  EXPECT_EQ(name(SpanNames::kGenAi), "chat gpt-4o");
  EXPECT_EQ(spans_of_request(sample.request, SpanNames::kGenAi)[0].bytes(5),
            "POST /v1/openai/chat/completions");
  sample.call.requested_model = "";
  EXPECT_EQ(name(SpanNames::kGenAi), "chat");
  sample.call.route.operation = &kPassThrough;
  EXPECT_EQ(name(SpanNames::kGenAi), "openai.request");
}

TEST(SpanEncoder, RequestsWithoutACallHaveOneSpan) {
  call::RequestRecord request = sample_health();
  const WireMessage span = spans_of_request(request).at(0);
  EXPECT_EQ(span.bytes(5), "GET /health");
  EXPECT_FALSE(span.has(4));
  EXPECT_EQ(span.scalar(16), 0x101u);
  EXPECT_FALSE(attributes_of(span, 9).contains("archestra.outcome"));
  EXPECT_FALSE(span.has(15));

  request.route = "unmatched";
  request.status_code = 404;
  const WireMessage unmatched = spans_of_request(request).at(0);
  EXPECT_EQ(unmatched.bytes(5), "GET");
  EXPECT_FALSE(attributes_of(unmatched, 9).contains("http.route"));
  EXPECT_FALSE(unmatched.has(15));

  request.method = "_OTHER";
  request.status_code = 503;
  request.error_type = "overloaded";
  const WireMessage failed = spans_of_request(request).at(0);
  EXPECT_EQ(failed.bytes(5), "HTTP");
  EXPECT_EQ(attributes_of(failed, 9).at("http.request.method"), "\"_OTHER\"");
  EXPECT_EQ(attributes_of(failed, 9).at("error.type"), "\"overloaded\"");
  EXPECT_EQ(failed.message(15).scalar(3), 2u);
}

TEST(SpanEncoder, StatusFollowsTheOutcome) {
  using enum call::Outcome;
  const struct {
    call::Outcome outcome;
    int try_status;
    int request_status;
    bool is_client_error;
    bool is_server_error;
    std::string_view error_type;  // of the CLIENT span
  } cases[] = {{kCompleted, 200, 200, false, false, ""},
               {kUpstreamError, 429, 429, true, false, "429"},
               {kUpstreamError, 500, 500, true, true, "500"},
               {kUpstreamError, 200, 200, true, false, "upstream_error"},
               {kUpstreamUnreachable, 0, 502, true, true, "upstream_unreachable"},
               {kUpstreamTimeout, 200, 200, true, true, "upstream_timeout"},
               {kUpstreamTruncated, 200, 200, true, true, "upstream_truncated"},
               {kRefusedOverload, 200, 200, true, true, "refused_overload"},
               {kClientCancelled, 200, 499, false, false, ""},
               {kClientCancelled, 0, 499, false, false, ""},
               {kShutdown, 200, 200, true, true, "shutdown"},
               {kInternalError, 0, 500, true, true, "internal_error"}};
  for (const auto& expected : cases) {
    SCOPED_TRACE(std::string(name_of(expected.outcome)) + " " + std::to_string(expected.try_status));
    SampleCall sample;
    sample.call.outcome = sample.tries[0].outcome = expected.outcome;
    sample.tries[0].status_code = expected.try_status;
    sample.request.status_code = expected.request_status;
    const auto spans = spans_of_request(sample.request);
    EXPECT_EQ(spans[0].has(15), expected.is_server_error);
    EXPECT_EQ(spans[1].has(15), expected.is_client_error);
    if (spans[1].has(15)) EXPECT_EQ(spans[1].message(15).scalar(3), 2u);
    const Attributes attributes = attributes_of(spans[1], 9);
    EXPECT_EQ(attributes.contains("error.type"), expected.is_client_error);
    if (expected.is_client_error)
      EXPECT_EQ(attributes.at("error.type"), "\"" + std::string(expected.error_type) + "\"");
    EXPECT_EQ(attributes.contains("http.response.status_code"), expected.try_status != 0);
  }
}

TEST(SpanEncoder, OnlyTheLastTryTellsOfTheResponse) {
  SampleCall sample;
  std::array<call::TryRecord, 2> tries{sample.tries[0], sample.tries[0]};
  tries[0].span_id = id_of<8>(0xc0);
  tries[0].status_code = 529;
  tries[0].outcome = call::Outcome::kUpstreamError;
  tries[0].error_type = "overloaded_error";
  tries[0].time_to_first_token = std::nullopt;
  tries[0].stalls = {};
  tries[0].gaps = {};
  sample.call.tries = tries;
  const call::CapturedContent content{.system_instructions = "[1]",
                                      .input_messages = "[2]",
                                      .output_messages = "[3]",
                                      .tool_definitions = ""};
  sample.call.content = &content;
  const auto spans = spans_of_request(sample.request);
  ASSERT_EQ(spans.size(), 3u);
  const Attributes first = attributes_of(spans[1], 9);
  EXPECT_FALSE(first.contains("gen_ai.input.messages"));
  EXPECT_FALSE(attributes_of(spans[0], 9).contains("gen_ai.input.messages"));
  EXPECT_EQ(first.at("error.type"), "\"overloaded_error\"");
  EXPECT_EQ(first.at("http.response.status_code"), "529");
  EXPECT_FALSE(first.contains("gen_ai.usage.input_tokens"));
  EXPECT_FALSE(first.contains("gen_ai.response.id"));
  EXPECT_FALSE(first.contains("http.request.resend_count"));
  EXPECT_FALSE(spans[1].has(11));
  const Attributes second = attributes_of(spans[2], 9);
  EXPECT_EQ(second.at("gen_ai.usage.input_tokens"), "100");
  EXPECT_EQ(second.at("http.request.resend_count"), "1");
  EXPECT_EQ(second.at("gen_ai.system_instructions"), "\"[1]\"");
  EXPECT_EQ(second.at("gen_ai.input.messages"), "\"[2]\"");
  EXPECT_EQ(second.at("gen_ai.output.messages"), "\"[3]\"");
  EXPECT_FALSE(second.contains("gen_ai.tool.definitions"));
}

TEST(SpanEncoder, SaysNothingThatIsNotKnown) {
  SampleCall sample;
  sample.call.agent = nullptr;
  sample.call.requested_model = sample.call.response_model = sample.call.response_id = "";
  sample.call.finish_reasons = {};
  sample.call.stream = false;
  sample.call.usage.provenance = call::Provenance::kEstimate;
  sample.tries[0].time_to_first_token = std::nullopt;
  sample.tries[0].stalls = {};
  sample.tries[0].gaps = {};
  const WireMessage span = spans_of_request(sample.request)[1];
  const Attributes attributes = attributes_of(span, 9);
  for (const auto& [key, value] : attributes) {
    EXPECT_FALSE(key.starts_with("agent.")) << key;
    EXPECT_FALSE(key.starts_with("gen_ai.usage.")) << key;
    EXPECT_FALSE(key.starts_with("gen_ai.response.")) << key;
    EXPECT_FALSE(key.starts_with("session.") || key.starts_with("user.")) << key;
  }
  EXPECT_FALSE(attributes.contains("llm.model"));
  EXPECT_FALSE(attributes.contains("gen_ai.request.model"));
  EXPECT_EQ(attributes.at("llm.stream"), "false");
  EXPECT_FALSE(span.has(11));
}

TEST(SpanEncoder, RequestLabelsAreOnBothSpans) {
  SampleCall sample;
  sample.call.request_labels = {.agent = "planner", .session = "s\xff", .run = "r-1", .user = "u-1"};
  for (const WireMessage& span : spans_of_request(sample.request)) {
    const Attributes attributes = attributes_of(span, 9);
    EXPECT_EQ(attributes.at("archestra.client.agent_id"), "\"planner\"");
    EXPECT_EQ(attributes.at("session.id"), "\"s\xef\xbf\xbd\"");
    EXPECT_EQ(attributes.at("gen_ai.conversation.id"), "\"s\xef\xbf\xbd\"");
    EXPECT_EQ(attributes.at("archestra.run.id"), "\"r-1\"");
    EXPECT_EQ(attributes.at("user.id"), "\"u-1\"");
  }
}

TEST(SpanEncoder, ALabelWithoutAValueIsAnAttributeWithoutOne) {
  SampleCall sample;
  sample.call.agent = model::make_agent(base::Uuid{}, "A", {{"Cost-Center", ""}});
  EXPECT_EQ(attributes_of(spans_of_request(sample.request)[1], 9).at("agent.Cost-Center"), "\"\"");
}

TEST(SpanEncoder, KeysStayUniqueAndTextValid) {
  SampleCall sample;
  sample.call.agent = model::make_agent(base::Uuid{}, "bad \xff name",
                                        {{"id", "x"}, {"name", "x"}, {"a", "1"}, {"a", "2"}, {"", "x"}});
  sample.request.user_agent = "\xc3";
  const auto spans = spans_of_request(sample.request);
  const Attributes attributes = attributes_of(spans[1], 9);
  EXPECT_EQ(attributes.at("agent.name"), "\"bad \xef\xbf\xbd name\"");
  EXPECT_EQ(attributes.at("agent.a"), "\"1\"");
  EXPECT_FALSE(attributes.contains("agent."));
  EXPECT_EQ(attributes_of(spans[0], 9).at("user_agent.original"), "\"\xef\xbf\xbd\"");
}

TEST(SpanEncoder, NoQueryGoesOut) {
  const SampleCall sample;  // its upstream_path has one
  base::ByteRing ring(1 << 20);
  ASSERT_TRUE(write_record(sample.request, ring));
  const std::span<const std::byte> record = ring.front();
  const std::string_view bytes(reinterpret_cast<const char*>(record.data()), record.size());
  EXPECT_EQ(bytes.find("secret"), std::string_view::npos);
}

}  // namespace
}  // namespace archestra::telemetry::otlp
