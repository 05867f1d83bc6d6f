#include "telemetry/history/series_store.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "telemetry/history/test_recorded.h"
#include "telemetry/metrics/shard_metrics.h"

namespace archestra::telemetry {
namespace {

constexpr std::int64_t kStart = 1'700'000'100;  // of a step of 5 minutes

class SeriesStoreTest : public testing::Test {
 protected:
  void add(std::int64_t time, std::string_view model = "gpt-4o") {
    sample_.call.requested_model = model;
    Recorded recorded(sample_.request);
    store_->advance(time);
    store_->add(recorded.request(), CallFigures(recorded.request().call));
  }
  /// Calls by the begin of their slot.
  std::map<std::int64_t, std::uint64_t> calls(std::size_t tier) const {
    std::map<std::int64_t, std::uint64_t> found;
    std::int64_t before = 0;
    for (const PackedSlotRef& slot : store_->slots(tier)) {
      EXPECT_GE(slot->begin(), before) << "in order";
      before = slot->begin();
      CellView cell;
      for (PackedSlot::Reader reader(*slot); reader.next(cell);) found[slot->begin()] += cell.counts.calls;
    }
    return found;
  }
  void limit(std::size_t bytes, LabelSets::Limits sets = {}) { store_.emplace(bytes, sets); }

  SampleCall sample_;
  std::optional<SeriesStore> store_{std::in_place, std::size_t{1} << 20, LabelSets::Limits{}};
};

using Calls = std::map<std::int64_t, std::uint64_t>;

TEST_F(SeriesStoreTest, EachTierHasEachCallOnce) {
  for (const std::int64_t after : {0, 9, 10, 59, 60, 299, 300, 301}) add(kStart + after);
  EXPECT_EQ(calls(0), (Calls{{kStart, 2},
                             {kStart + 10, 1},
                             {kStart + 50, 1},
                             {kStart + 60, 1},
                             {kStart + 290, 1},
                             {kStart + 300, 2}}));
  EXPECT_EQ(calls(1), (Calls{{kStart, 4}, {kStart + 60, 1}, {kStart + 240, 1}, {kStart + 300, 2}}));
  EXPECT_EQ(calls(2), (Calls{{kStart, 6}, {kStart + 300, 2}}));
}

TEST_F(SeriesStoreTest, ForgetsWhatIsTooOldAndNoEarlier) {
  add(kStart);
  add(kStart + 5 * 60);
  store_->advance(kStart + 15 * 60 + 9);
  EXPECT_EQ(calls(0).size(), 2u);
  store_->advance(kStart + 15 * 60 + 10);
  EXPECT_EQ(calls(0).size(), 1u);
  EXPECT_EQ(calls(1).size(), 2u);
  store_->advance(kStart + 60 * 60 + 60);
  EXPECT_EQ(calls(1).size(), 1u);
  store_->advance(kStart + 24 * 60 * 60 + 299);
  EXPECT_EQ(calls(2).size(), 2u);
  store_->advance(kStart + 24 * 60 * 60 + 300);
  EXPECT_EQ(calls(2).size(), 1u);
  EXPECT_EQ(store_->sets().size(), 1u);
  store_->advance(kStart + 48 * 60 * 60);
  EXPECT_EQ(calls(2).size(), 0u);
  EXPECT_EQ(store_->bytes(), 0u);
}

TEST_F(SeriesStoreTest, ALongTimeWithoutCallsCostsNothing) {
  add(kStart);
  store_->advance(kStart + std::int64_t{100} * 365 * 24 * 60 * 60);
  EXPECT_EQ(store_->bytes(), 0u);
  add(kStart + std::int64_t{100} * 365 * 24 * 60 * 60);
  EXPECT_EQ(calls(2).size(), 1u);
}

TEST_F(SeriesStoreTest, KeepsToItsBytesByForgettingTheOldest) {
  limit(20'000);
  for (int i = 0; i < 500; ++i) {
    add(kStart + i * 10, "m" + std::to_string(i % 7));
    ASSERT_LE(store_->bytes(), 20'000u);
  }
  const Calls left = calls(0);
  EXPECT_GT(left.size(), 20u);
  EXPECT_EQ(left.rbegin()->first, kStart + 4990) << "the newest is there";
  EXPECT_EQ(left.size(), static_cast<std::size_t>((left.rbegin()->first - left.begin()->first) / 10 + 1))
      << "and all after the oldest";
  EXPECT_EQ(store_->known_from(0), left.begin()->first) << "which it tells";
  EXPECT_EQ(store_->known_from(2), 0) << "here nothing was forgotten";
}

TEST_F(SeriesStoreTest, FoldsSetsBeyondTheirNumber) {
  limit(1 << 20, {.sets = 3});
  for (int i = 0; i < 10; ++i) add(kStart, "m" + std::to_string(i));
  std::map<std::string, std::uint64_t> by_model;
  CellView cell;
  for (const PackedSlotRef& slot : store_->slots(2))
    for (PackedSlot::Reader reader(*slot); reader.next(cell);) {
      by_model[cell.set->model] += cell.counts.calls;
      EXPECT_EQ(cell.set->provider, "openai");
      EXPECT_EQ(cell.set->is_overflow, cell.set->model == kOverflow);
    }
  EXPECT_EQ(by_model, (std::map<std::string, std::uint64_t>{
                          {"m0", 1}, {"m1", 1}, {"m2", 1}, {std::string(kOverflow), 7}}));
  // Nobody has figures of them any more: there is room again.
  store_->advance(kStart + 24 * 60 * 60 + 300);
  add(kStart + 24 * 60 * 60 + 300, "new");
  add(kStart + 24 * 60 * 60 + 310, "newer");
  store_->advance(kStart + 24 * 60 * 60 + 320);
  add(kStart + 24 * 60 * 60 + 320, "newest");
  EXPECT_LE(store_->sets().size(), 4u);
  by_model.clear();
  for (const PackedSlotRef& slot : store_->slots(2))
    for (PackedSlot::Reader reader(*slot); reader.next(cell);) by_model[cell.set->model] += 1;
  EXPECT_TRUE(by_model.contains("newest"));
}

TEST_F(SeriesStoreTest, FoldsSetsBeyondTheirBytes) {
  limit(1 << 20, {.sets = 1000, .bytes = 10'000});
  const std::string long_name(200, 'm');
  for (int i = 0; i < 100; ++i) add(kStart, long_name + std::to_string(i));
  EXPECT_LE(store_->sets().bytes(), 10'500u) << "but for the set of what found no place";
  EXPECT_GT(store_->sets().size(), 5u);
  EXPECT_EQ(calls(0), (Calls{{kStart, 100}}));
}

TEST_F(SeriesStoreTest, LabelsAreThoseOfTheCall) {
  add(kStart);
  sample_.call.agent = model::make_agent(sample_.call.agent->id, "Renamed", {{"team", "other"}});
  add(kStart);
  std::map<std::string, std::string> teams;
  CellView cell;
  for (const PackedSlotRef& slot : store_->slots(2))
    for (PackedSlot::Reader reader(*slot); reader.next(cell);)
      teams[cell.set->agent_name] = cell.set->labels.back().value;
  EXPECT_EQ(teams, (std::map<std::string, std::string>{{"Support Bot", "data"}, {"Renamed", "other"}}));
}

}  // namespace
}  // namespace archestra::telemetry
