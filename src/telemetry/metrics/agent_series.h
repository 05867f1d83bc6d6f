// The cells of one agent on one shard: for each of its label sets and each provider what is counted
// without a model, and for each model of it the rest. The shard's thread alone, apart from the cells.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "call/outcome.h"
#include "model/agent.h"
#include "telemetry/metrics/series.h"

namespace archestra::telemetry {

/// Status codes of one set beyond this number, and those that HTTP does not know, are shown as "other".
inline constexpr std::size_t kStatusCodesMax = 32;
inline constexpr int kOtherStatus = -1;

/// A cell whose series appears with its first use.
template <class C>
struct Lazy {
  C cell;
  bool is_published = false;
};

/// The same, which takes memory only then.
using LazyHistogram = std::unique_ptr<Histogram>;

/// What is counted for a model and appears with its first use.
enum class ModelCounter : std::uint8_t {
  kEstimatedInput,
  kEstimatedOutput,
  kStalls,
  kCacheRead,
  kCacheWrite,
  kReasoning,
  kUsageUnknown,
  kUsageEstimate,
  kUsageProvider,
  kUndelivered,
};
inline constexpr std::size_t kModelCounters = 10;
enum class ModelHistogram : std::uint8_t {
  kFirstToken,
  kFirstByte,
  kInterToken,
  kTokensPerSecond,
  kGateway,
};
inline constexpr std::size_t kModelHistograms = 5;

class AgentGroup;

/// Tries with one status code.
struct TryBlock {
  TryBlock(int status, std::optional<base::Duration> native_one)
      : status_code(status), duration(family_of(Metric::kLlmRequestDuration).bounds, native_one) {}
  const int status_code;
  Histogram duration;
};

/// One provider and one label set of an agent.
struct alignas(64) AgentBlock {
  AgentGroup* group = nullptr;
  std::string provider;
  model::AgentRef agent;         ///< whose labels it has
  model::AgentRef looked_up_by;  ///< under which agent ShardMetrics finds it at once; null for none
  std::uint64_t fingerprint = 0;
  LabelBase labels;
  Gauge in_flight;
  Counter started;
  std::array<Lazy<CallCounter>, call::kOutcomeCount> finalized;
};

/// One model of an AgentBlock.
struct alignas(64) ModelBlock {
  const AgentBlock* agent = nullptr;
  std::string model;
  LabelBase labels;
  CallCounter input_tokens;
  CallCounter output_tokens;
  CallCounter blocked_tools;  ///< shown under both its names
  std::array<Lazy<CallCounter>, call::kOutcomeCount> requests;
  std::array<Lazy<CallCounter>, kModelCounters> counters;  ///< by ModelCounter
  std::array<LazyHistogram, kModelHistograms> histograms;  ///< by ModelHistogram
  std::deque<TryBlock> tries;                              ///< one for each status code; few
};

/// All of one agent id. The scrape thread keeps it in memory for as long as it shows its series, but
/// looks at nothing in it besides the cells that were published and what SeriesGroup offers.
class AgentGroup final : public SeriesGroup {
 public:
  using SeriesGroup::SeriesGroup;
  std::deque<AgentBlock> agents;
  std::deque<ModelBlock> models;
};

/// Whether both agents make the same series: they may differ in their settings.
bool has_same_labels(const model::Agent& a, const model::Agent& b);

/// A hash of provider and all that makes labels of the agent.
std::uint64_t set_fingerprint(std::string_view provider, const model::Agent& agent);
/// The same with a model.
std::uint64_t set_fingerprint(const AgentBlock& agent, std::string_view model);

/// The identity of a label set: equal for equal ones, different for different ones.
std::string set_text(std::string_view provider, const model::Agent& agent);
std::string set_text(const AgentBlock& agent, std::string_view model);

}  // namespace archestra::telemetry
