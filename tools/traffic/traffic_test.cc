// The traffic generator's parts, and a run of it against the simulator.
#include "traffic/traffic.h"

#include <gtest/gtest.h>

#include <thread>

#include "simulator/simulator.h"

namespace archestra::traffic {
namespace {

using std::chrono::milliseconds;

constexpr Dialect kAll[] = {Dialect::kOpenAi, Dialect::kAnthropic, Dialect::kGemini};

TEST(MixTest, IsTheSameForTheSameSeedAndHasEveryKindInEveryDialect) {
  base::Random one(5), same(5), other(6);
  std::array<std::array<int, kKinds>, kDialects> counts{};
  bool differs = false;
  for (int i = 0; i < 3000; ++i) {
    const CallPlan plan = next_plan(one, kAll);
    EXPECT_EQ(plan.body, next_plan(same, kAll).body);
    differs = differs || plan.body != next_plan(other, kAll).body;
    ++counts[static_cast<std::size_t>(plan.dialect)][static_cast<std::size_t>(plan.kind)];
    const bool says_so = plan.body.find("\"stream\":true") != std::string::npos ||
                         plan.path.find(":streamGenerateContent") != std::string::npos;
    EXPECT_EQ(says_so, plan.stream);
    EXPECT_EQ(plan.abort_after.has_value(), plan.kind == Kind::kAborted);
  }
  EXPECT_TRUE(differs);
  for (const auto& of_dialect : counts)
    for (const int count : of_dialect) EXPECT_GT(count, 10);
}

TEST(MixTest, KeepsToTheDialectsAskedFor) {
  base::Random random(5);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(next_plan(random, std::span(kAll).subspan(1, 1)).path, "/v1/messages");
}

TEST(RequestsTest, DialectsHaveNames) {
  for (const Dialect dialect : kAll) EXPECT_EQ(dialect_named(name_of(dialect)), dialect);
  EXPECT_FALSE(dialect_named("other").has_value());
}

TEST(DurationsTest, QuantilesAreRightToFivePercent) {
  Durations durations;
  EXPECT_FALSE(durations.quantile(0.5).has_value());
  for (int ms = 1; ms <= 1000; ++ms) durations.add(milliseconds(ms));
  EXPECT_NEAR(base::to_seconds(*durations.quantile(0.5)), 0.5, 0.025);
  EXPECT_NEAR(base::to_seconds(*durations.quantile(0.99)), 0.99, 0.05);
  durations.add(std::chrono::hours(100'000));
  durations.add(base::Duration(0));
  EXPECT_GT(*durations.quantile(1), std::chrono::seconds(1000));
  EXPECT_LT(*durations.quantile(0), milliseconds(1));
}

TEST(TokensTest, AreSummedOverSeries) {
  const TokenCounts counts = sum_tokens(
      "# HELP llm_tokens_total tokens\n# TYPE llm_tokens_total counter\n"
      "llm_tokens_total{provider=\"openai\",model=\"a}b\",type=\"input\"} 12\n"
      "llm_tokens_total{provider=\"openai\",model=\"c\",type=\"input\"} 1e3\n"
      "llm_tokens_total{type=\"output\",provider=\"openai\"} 7\n"
      "llm_tokens_total{type=\"output\"}\nllm_tokens_total_x{type=\"output\"} 9\n"
      "llm_requests_total{type=\"input\"} 5\n");
  EXPECT_EQ(counts.input, 1012);
  EXPECT_EQ(counts.output, 7);
}

TEST(ScreenTest, DrawsOverItselfOnATerminalAndPrintsALineNowAndThenElsewhere) {
  Figures figures;
  figures.add(Kind::kChat, {.status = 200, .error = "", .latency = milliseconds(100), .first_token = {}});
  figures.add(Kind::kError, {.status = 429, .error = "", .latency = milliseconds(1), .first_token = {}});
  figures.add(Kind::kChat, {.status = 0, .error = "refused", .latency = milliseconds(1), .first_token = {}});
  const Snapshot snapshot{.figures = figures, .tokens = {1234567, 8}, .tokens_known = true};
  Screen terminal(Screen::Mode::kTerminal);
  const std::string first = terminal.refresh(snapshot);
  const std::string second = terminal.refresh(snapshot);
  EXPECT_NE(first.find("1,234,567 in, 8 out"), std::string::npos) << first;
  EXPECT_NE(first.find("429 1, refused 1"), std::string::npos) << first;
  EXPECT_EQ(second.substr(second.find('A') + 1), first);
  EXPECT_EQ(second.substr(0, 2), "\x1b[");
  Screen lines(Screen::Mode::kLines);
  int shown = 0;
  for (int i = 0; i < 10; ++i) shown += lines.refresh(snapshot).empty() ? 0 : 1;
  EXPECT_EQ(shown, 2);
}

class DialectTrafficTest : public testing::TestWithParam<Dialect> {};
INSTANTIATE_TEST_SUITE_P(All, DialectTrafficTest, testing::ValuesIn(kAll));

// The simulator takes the gateway's prefixes for its own paths: only their ends count.
TEST_P(DialectTrafficTest, CallsAreMadeAndCounted) {
  simulator::SimulatorOptions provider;
  provider.ips = {"127.0.0.1"};
  simulator::Simulator simulator(provider);
  ASSERT_TRUE(simulator.start().has_value());
  std::thread serving([&] { simulator.run(); });
  TrafficOptions options;
  options.url = *http::parse_url("http://127.0.0.1:" + std::to_string(simulator.port()));
  options.dialects = {GetParam()};
  options.rate_per_second = 100;
  options.seconds = 2;
  Traffic traffic(options);
  EXPECT_TRUE(traffic.run().has_value());
  simulator.stop();
  serving.join();
  const Figures& figures = traffic.figures();
  EXPECT_GT(figures.answered(), 50u);
  EXPECT_GT(figures.aborted(), 0u);
  // A plain call that is refused would be one that the provider does not understand.
  for (const Kind kind : {Kind::kChat, Kind::kStream, Kind::kTools, Kind::kToolStream})
    EXPECT_EQ(figures.of(kind).errors, 0u) << name_of(kind);
  EXPECT_EQ(figures.of(Kind::kStalled).errors, 0u);
  EXPECT_GT(figures.of(Kind::kBroken).calls, 0u);
  EXPECT_EQ(figures.of(Kind::kBroken).errors, figures.of(Kind::kBroken).calls);
  for (const auto& [what, count] : figures.errors())
    EXPECT_TRUE(what == "400" || what == "429" || what == "500" || what == "503" || what == "reset")
        << what << ' ' << count;
  EXPECT_GT(*figures.of(Kind::kStream).first_token.quantile(0.5), milliseconds(50));
  EXPECT_TRUE(figures.of(Kind::kToolStream).first_token.quantile(0.5).has_value());
}

TEST(TrafficTest, ARefusedConnectionIsTheReason) {
  TrafficOptions options;
  {
    const auto sockets = net::ListenSockets::bind({"127.0.0.1"}, 0);
    ASSERT_TRUE(sockets.has_value());
    options.url = *http::parse_url("http://127.0.0.1:" + std::to_string(sockets->port()));
  }
  options.rate_per_second = 50;
  options.seconds = 0.5;
  Traffic traffic(options);
  const auto result = traffic.run();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, base::ErrorCode::kRefused);
}

TEST(TrafficTest, StopsWhenTold) {
  TrafficOptions options;
  options.url = *http::parse_url("http://127.0.0.1:1");
  options.rate_per_second = 0.01;
  Traffic traffic(options);
  std::thread stopping([&] { traffic.stop(); });
  EXPECT_FALSE(traffic.run().has_value());
  stopping.join();
}

}  // namespace
}  // namespace archestra::traffic
