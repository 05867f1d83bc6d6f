// The metrics of one shard: cells that its thread alone writes, found by a hash look-up, with no lock
// and no memory shared between writers. The first call with a new label set allocates its block of
// cells and publishes its series; after that a call only adds. Blocks are never removed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "call/call_record.h"
#include "call/outcome.h"
#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

/// The `model` label of a call: the requested model, cut to kModelBytesMax, where a try was accepted
/// (status 200 to 399), else "unknown", because a client can write anything there.
std::string_view model_label(const call::CallRecord& call);

/// Not thread-safe, apart from series(). Made on any thread before its shard's starts.
class ShardMetrics {
 public:
  ShardMetrics();
  ShardMetrics(const ShardMetrics&) = delete;
  ShardMetrics& operator=(const ShardMetrics&) = delete;

  void on_call_started(const call::Route& route, const model::AgentRef& agent);
  void on_request_finished(const call::RequestRecord& record);
  /// What a full ring has cost.
  void on_ring_full(std::size_t spans, std::size_t log_lines);

  /// Any thread.
  const SeriesList& series() const { return series_; }

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
  /// address is not used again. `model` is "" in the key of an AgentBlock.
  struct LlmView {
    std::string_view provider;
    std::string_view model;
    const model::AgentRef& agent;
    bool operator==(const LlmView& other) const {
      return agent == other.agent && model == other.model && provider == other.provider;
    }
  };
  struct LlmKey {
    explicit LlmKey(const LlmView& view) : provider(view.provider), model(view.model), agent(view.agent) {}
    operator LlmView() const { return {provider, model, agent}; }
    std::string provider;
    std::string model;
    model::AgentRef agent;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const HttpView& view) const;
    std::size_t operator()(const LlmView& view) const;
  };
  template <class View>
  struct Equal {
    using is_transparent = void;
    bool operator()(const View& a, const View& b) const { return a == b; }
  };

  /// A cell whose series appears with its first use.
  template <class C>
  struct Lazy {
    C cell;
    bool is_published = false;
  };

  struct HttpBlock {
    LabelBase labels;
    Histogram duration{family_of(Metric::kHttpRequestDuration).bounds};
  };
  struct TryBlock {
    explicit TryBlock(int status) : status_code(status) {}
    const int status_code;
    Histogram duration{family_of(Metric::kLlmRequestDuration).bounds};
  };
  struct alignas(64) LlmBlock {
    LabelBase labels;
    Counter input_tokens;
    Counter output_tokens;
    Lazy<Counter> estimated_input_tokens;
    Lazy<Counter> estimated_output_tokens;
    std::array<Lazy<Counter>, call::kOutcomeCount> requests;
    Lazy<Histogram> time_to_first_token{Histogram(family_of(Metric::kLlmTimeToFirstToken).bounds)};
    std::deque<TryBlock> tries;  ///< one for each status code; few
  };
  struct alignas(64) AgentBlock {
    LabelBase labels;
    Gauge in_flight;
    Counter started;
    std::array<Lazy<Counter>, call::kOutcomeCount> finalized;
  };

  HttpBlock& http_block(const HttpView& view);
  LlmBlock& llm_block(const LlmView& view);
  AgentBlock& agent_block(const LlmView& view);
  TryBlock& try_block(LlmBlock& block, int status_code);
  void count_call(const call::CallRecord& call);
  void count_tokens(LlmBlock& block, const call::Usage& usage);
  void observe_try(LlmBlock& block, const call::TryRecord& attempt);
  template <class C>
  C& shown(Lazy<C>& lazy, Metric metric, const LabelBase& base, std::string_view last);

  std::unordered_map<HttpKey, HttpBlock, Hash, Equal<HttpView>> http_;
  std::unordered_map<LlmKey, LlmBlock, Hash, Equal<LlmView>> llm_;
  std::unordered_map<LlmKey, AgentBlock, Hash, Equal<LlmView>> agents_;
  const LabelBase lost_spans_labels_{{"traces", "ring_full"}, {}};
  const LabelBase lost_lines_labels_{{"logs", "ring_full"}, {}};
  Counter lost_spans_;
  Counter lost_lines_;
  SeriesList series_;
};

}  // namespace archestra::telemetry
