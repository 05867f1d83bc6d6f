#include "telemetry/runtime/runtime_metrics.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>

#include "telemetry/metrics/test_scrape.h"

namespace archestra::telemetry {
namespace {

class RuntimeMetricsTest : public testing::Test {
 protected:
  // The only sample of a family.
  double value_of(Metric metric) {
    const Snapshot families = scrape_.collect();
    const auto& samples = families[metric].samples;
    EXPECT_EQ(samples.size(), 1u);
    const SampleValue& value = samples.at(0).value;
    if (const auto* real = std::get_if<double>(&value)) return *real;
    return static_cast<double>(number_of(value));
  }
  Values values_of(Metric metric) { return values_in(scrape_.collect(), metric); }

  RuntimeMetrics metrics_;
  Scrape scrape_{{&metrics_.series()}, "1.2.3", base::monotonic_now, &metrics_};
};

TEST_F(RuntimeMetricsTest, AddsUpWhatThreadsCount) {
  base::Gauge here;
  base::Gauge there;
  base::Gauge others;
  metrics_.show_requests("dial", here);
  metrics_.show_requests("dial", there);
  metrics_.show_requests("llm_call", others);
  here.add(2);
  there.add(3);
  others.add(10);
  const Values expected{{R"(type="dial")", 5}, {R"(type="llm_call")", 10}};
  EXPECT_EQ(values_of(Metric::kNodejsActiveRequests), expected);
  EXPECT_EQ(values_of(Metric::kRuntimeActiveRequests), expected);
  EXPECT_EQ(value_of(Metric::kNodejsActiveRequestsTotal), 15);
  there.add(-3);
  EXPECT_EQ(value_of(Metric::kNodejsActiveRequestsTotal), 12);
}

TEST_F(RuntimeMetricsTest, CountsFilesAmongTheHandles) {
  base::Gauge sockets;
  metrics_.show_handles("client_socket", sockets);
  sockets.add(4);
  const Values handles = values_of(Metric::kNodejsActiveHandles);
  EXPECT_EQ(handles.at(R"(type="client_socket")"), 4);
  EXPECT_EQ(value_of(Metric::kNodejsActiveHandlesTotal),
            static_cast<double>(4 + handles.at(R"(type="file")")));
}

TEST_F(RuntimeMetricsTest, ShowsTheLagSinceTheLastScrape) {
  base::DelayHistogram lag;
  metrics_.show_lag(lag);
  lag.record(std::chrono::milliseconds(200));
  lag.record(std::chrono::microseconds(100));
  Snapshot families = scrape_.collect();
  const auto figure = [&](Metric metric) { return std::get<double>(families[metric].samples.at(0).value); };
  for (const Metric metric : {Metric::kNodejsLag, Metric::kNodejsLagMax, Metric::kRuntimeLagMax})
    EXPECT_NEAR(figure(metric), 0.2, 0.004);
  EXPECT_NEAR(figure(Metric::kNodejsLagMin), 0.0001, 0.000003);
  lag.record(std::chrono::microseconds(100));
  families = scrape_.collect();
  EXPECT_LT(figure(Metric::kNodejsLagMax), 0.001);
  EXPECT_EQ(value_of(Metric::kRuntimeLag), 3) << "the histogram goes on counting";
}

TEST_F(RuntimeMetricsTest, ScrapesDoNotDisturbTheLagThatIsExported) {
  base::DelayHistogram lag;
  metrics_.show_lag(lag);
  const auto max_of = [&](Reader reader) {
    const auto families = scrape_.collect(reader);
    return std::get<double>(families[Metric::kRuntimeLagMax].samples.at(0).value);
  };
  lag.record(std::chrono::milliseconds(200));
  EXPECT_NEAR(max_of(Reader::kScraper), 0.2, 0.004);
  lag.record(std::chrono::milliseconds(1));
  EXPECT_LT(max_of(Reader::kScraper), 0.002);
  EXPECT_NEAR(max_of(Reader::kExporter), 0.2, 0.004);
  lag.record(std::chrono::milliseconds(50));
  EXPECT_NEAR(max_of(Reader::kExporter), 0.05, 0.001);
  EXPECT_NEAR(max_of(Reader::kScraper), 0.05, 0.001);
}

TEST_F(RuntimeMetricsTest, ShowsAnAllocation) {
  constexpr std::size_t kBytes = std::size_t{32} << 20;
  const double before = value_of(Metric::kNodejsHeapUsed);
  auto memory = std::make_unique<char[]>(kBytes);
  EXPECT_GE(value_of(Metric::kNodejsHeapUsed), before + kBytes);
  EXPECT_GE(value_of(Metric::kNodejsHeapTotal), value_of(Metric::kNodejsHeapUsed));
  EXPECT_GE(value_of(Metric::kRuntimeHeapUsed), before + kBytes);
  memory.reset();
  EXPECT_LT(value_of(Metric::kNodejsHeapUsed), before + kBytes / 2.0);
}

TEST_F(RuntimeMetricsTest, ShowsBuffers) {
  base::BufferPool pool;
  metrics_.show_buffers(pool.stats());
  const base::Buffer held = pool.take(1 << 20);
  pool.take().release();
  EXPECT_EQ(values_of(Metric::kRuntimeBuffers),
            (Values{{R"(state="idle")", 16 << 10}, {R"(state="in_use")", 1 << 20}}));
}

TEST_F(RuntimeMetricsTest, CountsConnectionsThatWereNotServed) {
  base::Counter here;
  base::Counter there;
  base::Counter pauses;
  metrics_.show_over_limit("total", here);
  metrics_.show_over_limit("total", there);
  metrics_.show_accept_pauses(pauses);
  EXPECT_EQ(values_of(Metric::kRuntimeOverLimit), (Values{{R"(limit="total")", 0}}));
  here.add(2);
  there.add();
  pauses.add();
  EXPECT_EQ(values_of(Metric::kRuntimeOverLimit), (Values{{R"(limit="total")", 3}}));
  EXPECT_EQ(value_of(Metric::kRuntimeAcceptPauses), 1);
}

TEST_F(RuntimeMetricsTest, TellsWhatItIs) {
  const Values info = values_of(Metric::kNodejsVersionInfo);
  ASSERT_EQ(info.size(), 1u);
  EXPECT_NE(info.begin()->first.find(R"(version=")" ARCHESTRA_VERSION R"(")"), std::string::npos);
  EXPECT_NE(info.begin()->first.find(R"(runtime="cpp",compiler="clang )"), std::string::npos);
  EXPECT_EQ(info.begin()->second, 1);
}

}  // namespace
}  // namespace archestra::telemetry
