#include "telemetry/runtime/loop_lag.h"

#include <gtest/gtest.h>

namespace archestra::telemetry {
namespace {

using std::chrono::milliseconds;

TEST(LoopLag, KnowsTheFiguresOfWhatWasRecorded) {
  base::DelayHistogram lag;
  for (int i = 1; i <= 100; ++i) lag.record(milliseconds(i));
  LoopLag lags;
  LoopLag::Window window;
  lags.add(lag);
  const LagFigures figures = lags.take(window);
  EXPECT_NEAR(base::to_seconds(figures.min), 0.001, 0.00002);
  EXPECT_NEAR(base::to_seconds(figures.max), 0.100, 0.002);
  EXPECT_NEAR(base::to_seconds(figures.mean), 0.0505, 0.001);
  EXPECT_NEAR(base::to_seconds(figures.stddev), 0.02887, 0.0006);
  EXPECT_NEAR(base::to_seconds(figures.p50), 0.050, 0.001);
  EXPECT_NEAR(base::to_seconds(figures.p90), 0.090, 0.002);
  EXPECT_NEAR(base::to_seconds(figures.p99), 0.099, 0.002);
}

TEST(LoopLag, BeginsAnewWhenItIsTaken) {
  base::DelayHistogram lag;
  LoopLag lags;
  LoopLag::Window window;
  lags.add(lag);
  EXPECT_EQ(lags.take(window).max, base::Duration::zero());
  lag.record(milliseconds(200));
  EXPECT_GT(lags.take(window).max, milliseconds(195));
  EXPECT_GT(lags.take(window).max, milliseconds(195)) << "nothing was recorded since: the last known figures";
  lag.record(milliseconds(1));
  EXPECT_LT(lags.take(window).max, milliseconds(2));
}

TEST(LoopLag, IsSeenByEachReaderAsIfItWereAlone) {
  base::DelayHistogram lag;
  LoopLag lags;
  lags.add(lag);
  LoopLag::Window often;
  LoopLag::Window rarely;
  lag.record(milliseconds(200));
  EXPECT_GT(lags.take(often).max, milliseconds(195));
  lag.record(milliseconds(1));
  EXPECT_LT(lags.take(often).max, milliseconds(2));
  const LagFigures both = lags.take(rarely);
  EXPECT_GT(both.max, milliseconds(195));
  EXPECT_LT(both.min, milliseconds(2));
  lag.record(milliseconds(50));
  EXPECT_LT(lags.take(rarely).max, milliseconds(52));
  EXPECT_GT(lags.take(often).max, milliseconds(49));
}

TEST(LoopLag, ShowsTheWorstLoop) {
  base::DelayHistogram calm;
  base::DelayHistogram late;
  for (int i = 0; i < 1000; ++i) calm.record(milliseconds(1));
  late.record(milliseconds(50));
  LoopLag lags;
  LoopLag::Window window;
  lags.add(calm);
  lags.add(late);
  const LagFigures figures = lags.take(window);
  EXPECT_GT(figures.p50, milliseconds(49)) << "not that of all samples taken together";
  EXPECT_EQ(figures_of(lags.total())->p50, figures_of([&] {
                                             base::DelayHistogram::Counts counts{};
                                             calm.add_to(counts);
                                             return counts;
                                           }())
                                               ->p50);
}

TEST(LoopLag, HasNoFiguresOfNothing) { EXPECT_FALSE(figures_of(base::DelayHistogram::Counts{})); }

}  // namespace
}  // namespace archestra::telemetry
