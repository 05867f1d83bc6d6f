// The metrics of one shard: cells that its thread alone writes, found by a hash look-up, with no lock
// and no memory shared between writers. The first call with a new label set allocates its block of
// cells and publishes its series; after that a call only adds.
//
// Blocks of agents are bounded: a new one takes a place in the process's LabelBudgets, and where there
// is none, its call is counted in the overflow block of its provider. They are given back when their
// agent was deleted and its time is up. So no number ever moves from one series to another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "call/call_observer.h"
#include "call/call_record.h"
#include "telemetry/metrics/agent_series.h"
#include "telemetry/metrics/label_budget.h"
#include "telemetry/metrics/policy_metrics.h"
#include "telemetry/metrics/request_spans.h"
#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

/// How long series outlive their agent: enough for what asks about the last hour to see their end.
inline constexpr base::Duration kRetireAfterDefault = std::chrono::hours(1);

/// The values of agent_id, agent_name and model for what has no place in the budget.
inline constexpr std::string_view kOverflow = "__overflow__";

/// The `model` label of a call: the requested model, cut to kModelBytesMax, where a try was accepted
/// (status 200 to 399), else "unknown", because a client can write anything there.
std::string_view model_label(const call::CallRecord& call);

/// Whether histograms of single values are native ones as well; those of a family are alike.
enum class NativeHistograms : bool { kNo, kYes };

/// Not thread-safe, apart from series(). Made on any thread before its shard's starts.
class ShardMetrics {
 public:
  struct Retirement {
    base::Duration after = kRetireAfterDefault;
    Clock now = base::coarse_monotonic_now;  ///< for the summaries' windows too
  };
  /// `budgets` outlives it.
  explicit ShardMetrics(LabelBudgets& budgets) : ShardMetrics(budgets, Retirement()) {}
  ShardMetrics(LabelBudgets& budgets, const Retirement& retirement,
               NativeHistograms native = NativeHistograms::kNo);
  ShardMetrics(const ShardMetrics&) = delete;
  ShardMetrics& operator=(const ShardMetrics&) = delete;

  // As CallObserver has them.

  void on_agent_changed(const model::AgentRef& before, const model::AgentRef& after);
  void on_call_started(const call::Route& route, const model::AgentRef& agent);
  void on_call_accepted(const call::AcceptedCall& call);
  /// Exemplars name the spans of the request only where they were recorded: before this.
  void on_request_finished(const call::RequestRecord& record, SpansRecorded spans = SpansRecorded::kNo);
  /// What a full ring has cost.
  struct RingLoss {
    std::size_t spans = 0;
    std::size_t log_lines = 0;
    std::size_t calls = 0;  ///< of the history
  };
  void on_ring_full(const RingLoss& loss);

  // Any thread.
  std::uint64_t lost_spans() const { return lost_spans_.value(); }
  std::uint64_t lost_lines() const { return lost_lines_.value(); }
  std::uint64_t lost_calls() const { return lost_calls_.value(); }

  /// What the scrape takes from, on its own thread.
  SeriesSource& series() { return series_; }

 private:
  // Look-up keys. The view form is looked up with, the other one kept.
  struct HttpView {
    std::string_view method;
    std::string_view route;
    int status_code;
    bool operator==(const HttpView&) const = default;
  };
  struct HttpKey {
    explicit HttpKey(const HttpView& view)
        : method(view.method), route(view.route), status_code(view.status_code) {}
    operator HttpView() const { return {method, route, status_code}; }
    std::string method;
    std::string route;
    int status_code;
  };
  /// By the agent's address: a changed agent is another object. The key holds on to it, so the
  /// address is not used again.
  struct AgentView {
    const model::AgentRef& agent;
    std::string_view provider;
    bool operator==(const AgentView& other) const {
      return agent == other.agent && provider == other.provider;
    }
  };
  struct AgentKey {
    explicit AgentKey(const AgentView& view) : agent(view.agent), provider(view.provider) {}
    operator AgentView() const { return {agent, provider}; }
    model::AgentRef agent;
    std::string provider;
  };
  struct ModelView {
    const AgentBlock* agent;
    std::string_view model;
    bool operator==(const ModelView&) const = default;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const HttpView& view) const;
    std::size_t operator()(const AgentView& view) const;
    std::size_t operator()(const ModelView& view) const;
  };
  template <class View>
  struct Equal {
    using is_transparent = void;
    bool operator()(const View& a, const View& b) const { return a == b; }
  };

  struct HttpBlock {
    explicit HttpBlock(std::optional<base::Duration> native_one)
        : duration(family_of(Metric::kHttpRequestDuration).bounds, native_one) {}
    LabelBase labels;
    Histogram duration;
    Summary summary;
  };
  using GroupRef = std::shared_ptr<AgentGroup>;

  HttpBlock& http_block(const HttpView& view);
  /// What stands for 1 in native histograms of the family; nothing where it has none.
  std::optional<base::Duration> native_one(Metric metric) const;

  // Which block.
  AgentBlock& block_to_start(const AgentView& view);
  AgentBlock& block_to_end(const AgentView& view);
  AgentBlock* find_block(const AgentView& view);
  AgentBlock* try_make_block(const AgentView& view);
  AgentBlock& overflow_block(std::string_view provider);
  AgentBlock& make_block(AgentGroup& group, const AgentView& view, LabelBase labels);
  void look_up_by(AgentBlock& block, const model::AgentRef& agent);
  ModelBlock& model_block(AgentBlock& agent, std::string_view model);
  ModelBlock& make_model(AgentBlock& agent, std::string_view model);
  TryBlock& try_block(ModelBlock& block, int status_code);

  // What becomes of an agent.
  void show_known_sets(AgentGroup& group, const model::AgentRef& agent);
  void go_on(std::string_view agent_id);
  void give_up_ended();
  void give_up(AgentGroup& group);

  void count_call(const call::CallRecord& call, const RequestSpans& spans);
  void count_tokens(ModelBlock& block, const call::Usage& usage, const ExemplarSource& source);
  void observe_pace(ModelBlock& block, const call::TryRecord& attempt, const call::Usage& usage,
                    const ExemplarSource& source);
  void count_details(ModelBlock& block, const call::CallRecord& call, const ExemplarSource& source);
  /// The cell; published with its first use, or with being asked for.
  CallCounter& requests(ModelBlock& block, call::Outcome outcome);
  CallCounter& finalized(AgentBlock& block, call::Outcome outcome);
  CallCounter& counter(ModelBlock& block, ModelCounter which);
  Histogram& histogram(ModelBlock& block, ModelHistogram which);
  CallCounter& shown(Lazy<CallCounter>& lazy, Metric metric, const AgentBlock& agent, const LabelBase& base,
                     std::string_view last);

  const Retirement retirement_;
  const NativeHistograms native_;
  BudgetDoor agent_door_;
  BudgetDoor model_door_;
  std::unordered_map<HttpKey, HttpBlock, Hash, Equal<HttpView>> http_;
  std::unordered_map<AgentKey, AgentBlock*, Hash, Equal<AgentView>> agents_;
  std::unordered_multimap<std::uint64_t, AgentBlock*> blocks_;  // all of agents, by their fingerprint
  std::unordered_map<ModelView, ModelBlock*, Hash> models_;     // the keys view the blocks
  std::unordered_map<std::string_view, GroupRef> groups_;       // by agent id; the keys view the groups
  std::vector<GroupRef> ending_;                                // those of deleted agents
  const GroupRef overflow_ = std::make_shared<AgentGroup>(std::string(kOverflow));
  const model::AgentRef unknown_agent_;
  const model::AgentRef overflow_agent_;
  const LabelBase lost_spans_labels_{{"traces", "ring_full"}, {}};
  const LabelBase lost_lines_labels_{{"logs", "ring_full"}, {}};
  const LabelBase lost_calls_labels_{{"history", "ring_full"}, {}};
  const LabelBase no_labels_;
  Counter lost_spans_;
  Counter lost_lines_;
  Counter lost_calls_;
  Counter folded_calls_;
  SeriesSource series_;
  PolicyMetrics policy_;
};

}  // namespace archestra::telemetry
