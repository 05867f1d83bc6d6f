#include "telemetry/history/history.h"

#include <gtest/gtest.h>

#include <thread>

#include "telemetry/history/overview.h"
#include "telemetry/history/test_recorded.h"

namespace archestra::telemetry {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;

base::MonotonicTime g_now;
base::WallTime g_wall;

void pass(base::Duration time) {
  g_now += time;
  g_wall += time;
}

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    g_now = base::MonotonicTime(5000s);
    g_wall = base::WallTime(kStart);
    history_.emplace(History::Options{.now = [] { return g_now; }, .wall_now = [] { return g_wall; }});
    history_->count_in_flight(in_flight_);
    history_->tell_seconds([this](const LiveSecond& second) { told_.push_back(second); });
    round();
  }
  void round(int calls = 0) {
    Recorded recorded(sample_.request);
    History::Round round(*history_);
    for (int i = 0; i < calls; ++i) round.add(recorded.bytes(), recorded.request());
  }
  Overview overview() {
    const SeriesSnapshot snapshot = history_->series(0);
    return make_overview(snapshot, Window::until(snapshot.now, snapshot.step, 90), {}, {});
  }

  static constexpr base::Duration kStart = std::chrono::seconds(1'700'000'100);
  SampleCall sample_;
  base::Gauge in_flight_;
  std::vector<LiveSecond> told_;
  std::optional<History> history_;
};

TEST_F(HistoryTest, TellsEachSecondOnceItIsOver) {
  in_flight_.add(4);
  round(3);
  pass(1s);
  EXPECT_TRUE(told_.empty());
  round();
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0].time, 1'700'000'100);
  EXPECT_EQ(told_[0].counts, (Counts{.calls = 3, .input_tokens = 300, .output_tokens = 120}));
  EXPECT_EQ(told_[0].in_flight, 4);
  ASSERT_TRUE(told_[0].measured[0]);
  EXPECT_NEAR(told_[0].measured[0]->p50, 2.9, 0.09);
  pass(3s);
  round(1);
  ASSERT_EQ(told_.size(), 4u);
  EXPECT_EQ(told_[3].time, 1'700'000'103);
  EXPECT_EQ(told_[3].counts.calls, 0u);
  EXPECT_FALSE(told_[3].measured[0]);
}

TEST_F(HistoryTest, TellsTwoMinutesOfSecondsHoweverLongItSlept) {
  round(1);
  pass(1h * 24 * 365);
  round();
  ASSERT_EQ(told_.size(), 120u);
  EXPECT_EQ(told_.back().time, 1'700'000'099 + 24 * 365 * 3600);
}

TEST_F(HistoryTest, AWallClockThatIsSetMovesTheTimesAndNothingElse) {
  round(2);
  pass(30s);
  round(3);
  for (const base::Duration step : {base::Duration(5h), base::Duration(-48h)}) {
    g_wall += step;
    told_.clear();
    pass(1s);
    round();
    ASSERT_EQ(told_.size(), 1u) << "no second is lost or told twice";
    EXPECT_NEAR(
        static_cast<double>(told_[0].time),
        static_cast<double>(std::chrono::floor<std::chrono::seconds>(g_wall).time_since_epoch().count()), 2);
    const SeriesSnapshot snapshot = history_->series(0);
    EXPECT_EQ(snapshot.now + snapshot.to_unix_seconds,
              std::chrono::floor<std::chrono::seconds>(g_wall).time_since_epoch().count());
    EXPECT_EQ(overview().all.totals.calls, 5u);
  }
}

TEST_F(HistoryTest, ASmallDifferenceOfTheClocksIsNotShown) {
  g_wall += 1s;
  EXPECT_EQ(history_->series(0).to_unix_seconds, 0);
}

TEST_F(HistoryTest, CallsAreThereWhole) {
  round(2);
  EXPECT_EQ(history_->held_calls().calls, 2u);
  CopiedCalls copied;
  history_->copy_call(sample_.request.trace.span_id, copied);
  ASSERT_EQ(copied.calls().size(), 1u);
  FinishedRequest request;
  ASSERT_TRUE(read_record(copied.record(copied.calls()[0]), request));
  EXPECT_EQ(request.call.response_id, "chatcmpl-abc");
  history_->copy_calls_before(UINT64_MAX, SIZE_MAX, copied);
  EXPECT_EQ(copied.calls().size(), 2u);
}

TEST_F(HistoryTest, IsReadWhileItIsFed) {
  Recorded recorded(sample_.request);
  std::thread feeder([&] {
    for (int i = 0; i < 300; ++i) {
      History::Round round(*history_);
      for (int k = 0; k < 20; ++k) round.add(recorded.bytes(), recorded.request());
    }
  });
  CopiedCalls copied;
  std::uint64_t before = 0;
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t calls = overview().all.totals.calls;
    EXPECT_GE(calls, before);
    before = calls;
    history_->copy_calls_before(UINT64_MAX, 1000, copied);
  }
  feeder.join();
  EXPECT_EQ(overview().all.totals.calls, 6000u);
}

}  // namespace
}  // namespace archestra::telemetry
