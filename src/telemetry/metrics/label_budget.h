// How many label sets there may be in the whole process: one set is one combination of provider, model,
// agent and its labels, on however many shards. Who comes when all are taken is folded into the
// overflow series, which are not counted. Sets come and go with the blocks of the shards.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

inline constexpr std::size_t kLabelSetsDefault = 2000;

/// Any thread; waits only for others that see a set for the first or last time.
class LabelBudget {
 public:
  /// `kind` is the label of its metrics.
  LabelBudget(std::string kind, std::size_t sets_max);
  LabelBudget(const LabelBudget&) = delete;
  LabelBudget& operator=(const LabelBudget&) = delete;

  /// A shard begins to use a set: false where it is new and there is no room. `set` is its whole identity,
  /// `fingerprint` a hash of it.
  bool try_enter(const std::string& set, std::uint64_t fingerprint);
  /// A shard that had entered it uses it no more.
  void leave(std::string_view set);

  /// Without waiting; the next moment all may be different.
  bool is_full() const { return sets_.load(std::memory_order_acquire) >= sets_max_; }
  /// Another number whenever a set has come or gone.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// The fingerprints of all sets, sorted; returns their version.
  std::uint64_t copy_fingerprints(std::vector<std::uint64_t>& out) const;

  SeriesSource& series() { return series_; }

 private:
  struct Entry {
    std::size_t shards;
    std::uint64_t fingerprint;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  void count();

  const std::size_t sets_max_;
  mutable std::mutex mutex_;  // for entries_, and whoever writes what follows it
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  std::atomic<std::size_t> sets_{0};
  std::atomic<std::uint64_t> version_{0};
  const LabelBase labels_;
  Gauge shown_sets_;
  Gauge shown_sets_max_;
  SeriesSource series_;
};

/// Sets with a model, and as many again without one, for what is counted before the model is known.
/// Names of tools have one of their own: the model makes them up.
struct LabelBudgets {
  static constexpr std::size_t kToolsMax = 500;
  explicit LabelBudgets(std::size_t sets_max = kLabelSetsDefault)
      : models("model", sets_max), agents("agent", sets_max), tools("tool", kToolsMax) {}
  LabelBudget models;
  LabelBudget agents;
  LabelBudget tools;
};

/// One shard's view of a budget. While the budget is full and nobody leaves, it tells without a lock who
/// need not ask, so that calls that are folded cost no more than others.
class BudgetDoor {
 public:
  explicit BudgetDoor(LabelBudget& budget) : budget_(budget) {}
  LabelBudget& budget() { return budget_; }

  /// False where try_enter() would refuse. A set with the same fingerprint as another may have true.
  bool may_enter(std::uint64_t fingerprint);

 private:
  LabelBudget& budget_;
  std::vector<std::uint64_t> known_;
  std::uint64_t known_version_ = 0;
};

}  // namespace archestra::telemetry
