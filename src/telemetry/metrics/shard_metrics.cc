#include "telemetry/metrics/shard_metrics.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "telemetry/text.h"

namespace archestra::telemetry {
namespace {

std::size_t mix(std::size_t seed, std::size_t hash) {
  return seed ^ (hash + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2));
}

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

template <class Enum>
std::size_t index_of(Enum which) {
  return static_cast<std::size_t>(which);
}

/// By ModelCounter: the family and the value of its last label.
struct CounterSeries {
  Metric metric;
  std::string_view last;
};
constexpr std::array<CounterSeries, kModelCounters> kCounterSeries{{
    {Metric::kLlmEstimatedTokens, "input"},
    {Metric::kLlmEstimatedTokens, "output"},
    {Metric::kLlmStreamStalls, ""},
    {Metric::kLlmCacheTokens, "read"},
    {Metric::kLlmCacheTokens, "write"},
    {Metric::kLlmReasoningTokens, ""},
    {Metric::kLlmUsage, "unknown"},
    {Metric::kLlmUsage, "estimate"},
    {Metric::kLlmUsage, "provider"},
    {Metric::kLlmUndeliveredTokens, ""},
}};
/// By ModelHistogram.
constexpr std::array<Metric, kModelHistograms> kHistogramMetrics{
    Metric::kLlmTimeToFirstToken, Metric::kLlmTimeToFirstByte, Metric::kLlmInterToken,
    Metric::kLlmTokensPerSecond, Metric::kLlmGateway};

ModelCounter counter_of(call::Provenance provenance) {
  switch (provenance) {
    case call::Provenance::kProvider:
      return ModelCounter::kUsageProvider;
    case call::Provenance::kEstimate:
      return ModelCounter::kUsageEstimate;
    case call::Provenance::kUnknown:
      break;
  }
  return ModelCounter::kUsageUnknown;
}

/// As its histogram counts it. Nothing where there is no time between tokens, or where the provider did not
/// say how many they were.
std::optional<base::Duration> tokens_per_second(const call::TokenGaps& gaps, const call::Usage& usage) {
  const base::Duration time = gaps.sum;  // from the first content to the last
  if (usage.provenance != call::Provenance::kProvider || time <= base::Duration::zero()) return std::nullopt;
  constexpr double kMost = 1e6;  // what came in two reads in a row tells nothing
  const double rate = static_cast<double>(usage.output_tokens) / base::to_seconds(time);
  const auto one = static_cast<double>(family_of(Metric::kLlmTokensPerSecond).one.count());
  return base::Duration(static_cast<std::int64_t>(std::min(rate, kMost) * one));
}

bool is_accepted(int status_code) { return status_code >= 200 && status_code < 400; }

std::string_view label_of_model(std::string_view model) {
  return model.empty() ? "unknown" : cut_text(model, kModelBytesMax);
}

/// 0 stands for no status. Others outside of RFC 9110 section 15 would multiply series for nothing.
int known_status(int status_code) {
  return status_code == 0 || (status_code >= 100 && status_code < 600) ? status_code : kOtherStatus;
}

std::string status_text(int status_code) {
  return status_code == kOtherStatus ? "other" : std::to_string(status_code);
}

constexpr std::array<call::Outcome, call::kOutcomeCount> kOutcomes = [] {
  std::array<call::Outcome, call::kOutcomeCount> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<call::Outcome>(i);
  return all;
}();

}  // namespace

std::string_view model_label(const call::CallRecord& call) {
  const bool accepted = std::ranges::any_of(
      call.tries, [](const call::TryRecord& attempt) { return is_accepted(attempt.status_code); });
  return label_of_model(accepted ? call.requested_model : std::string_view());
}

std::size_t ShardMetrics::Hash::operator()(const HttpView& view) const {
  return mix(mix(hash_of(view.method), hash_of(view.route)), static_cast<std::size_t>(view.status_code));
}

std::size_t ShardMetrics::Hash::operator()(const AgentView& view) const {
  return mix(reinterpret_cast<std::uintptr_t>(view.agent.get()) >> 4, view.provider.size());
}

std::size_t ShardMetrics::Hash::operator()(const ModelView& view) const {
  return mix(hash_of(view.model), reinterpret_cast<std::uintptr_t>(view.agent) >> 6);
}

ShardMetrics::ShardMetrics(LabelBudgets& budgets, const Retirement& retirement, NativeHistograms native)
    : retirement_(retirement),
      native_(native),
      agent_door_(budgets.agents),
      model_door_(budgets.models),
      unknown_agent_(std::make_shared<const model::Agent>(
          model::Agent{.id = {}, .id_text = "unknown", .name = "unknown", .labels = {}})),
      overflow_agent_(std::make_shared<const model::Agent>(model::Agent{
          .id = {}, .id_text = std::string(kOverflow), .name = std::string(kOverflow), .labels = {}})),
      policy_(series_.series, budgets.tools) {
  series_.series.publish({Metric::kTelemetryDropped, &lost_spans_labels_, "", &lost_spans_});
  series_.series.publish({Metric::kTelemetryDropped, &lost_lines_labels_, "", &lost_lines_});
  series_.series.publish({Metric::kTelemetryDropped, &lost_calls_labels_, "", &lost_calls_});
  series_.series.publish({Metric::kFoldedCalls, &no_labels_, "", &folded_calls_});
  series_.groups.publish(overflow_);
}

void ShardMetrics::on_ring_full(const RingLoss& loss) {
  lost_spans_.add(loss.spans);
  lost_lines_.add(loss.log_lines);
  lost_calls_.add(loss.calls);
}

void ShardMetrics::on_call_started(const call::Route& route, const model::AgentRef& agent) {
  AgentBlock& block = block_to_start({agent ? agent : unknown_agent_, route.provider});
  block.group->begin_call();
  block.started.add();
  block.in_flight.add(1);
}

// What a call that is completed will add to appears here, at zero: a stream may take minutes from now.
void ShardMetrics::on_call_accepted(const call::AcceptedCall& call) {
  AgentBlock& agent = block_to_end({call.agent ? call.agent : unknown_agent_, call.route.provider});
  ModelBlock& block = model_block(agent, label_of_model(call.requested_model));
  try_block(block, call.status_code);
  requests(block, call::Outcome::kCompleted);
  for (const ModelHistogram which : {ModelHistogram::kFirstByte, ModelHistogram::kGateway})
    histogram(block, which);
  if (call.route.operation == nullptr || !call.route.operation->observed) {
    counter(block, ModelCounter::kUsageUnknown);
    return;
  }
  for (const ModelCounter which :
       {ModelCounter::kCacheRead, ModelCounter::kCacheWrite, ModelCounter::kReasoning,
        ModelCounter::kUsageProvider, ModelCounter::kUndelivered})
    counter(block, which);
  if (!call.stream) return;
  for (const ModelHistogram which :
       {ModelHistogram::kFirstToken, ModelHistogram::kInterToken, ModelHistogram::kTokensPerSecond})
    histogram(block, which);
  counter(block, ModelCounter::kStalls);
}

void ShardMetrics::on_request_finished(const call::RequestRecord& record, SpansRecorded spans) {
  HttpBlock& http = http_block({record.method, record.route, known_status(record.status_code)});
  http.duration.observe(record.duration);
  http.summary.observe(record.duration, retirement_.now());
  if (record.call != nullptr) count_call(*record.call, RequestSpans(record, spans));
  give_up_ended();
}

// In the order of the catalogue: see Metric.
void ShardMetrics::count_call(const call::CallRecord& call, const RequestSpans& spans) {
  const ExemplarSource source = spans.of_call();
  AgentBlock& agent = block_to_end({call.agent ? call.agent : unknown_agent_, call.route.provider});
  ModelBlock& block = model_block(agent, model_label(call));
  for (std::size_t i = 0; i < call.tries.size(); ++i)
    try_block(block, call.tries[i].status_code).duration.observe(call.tries[i].duration, spans.of_try(i));
  count_tokens(block, call.usage, source);
  requests(block, call.outcome).add(1, source);
  for (std::size_t i = 0; i < call.tries.size(); ++i)
    observe_pace(block, call.tries[i], call.usage, spans.of_try(i));
  count_details(block, call, source);
  if (call.blocked_tool_calls > 0) block.blocked_tools.add(call.blocked_tool_calls, source);
  policy_.count(call, source);
  finalized(agent, call.outcome).add(1, source);
  agent.in_flight.add(-1);
  if (block.agent->group == overflow_.get()) folded_calls_.add();
  agent.group->end_call();
}

void ShardMetrics::count_tokens(ModelBlock& block, const call::Usage& usage, const ExemplarSource& source) {
  if (usage.provenance == call::Provenance::kProvider) {
    block.input_tokens.add(usage.input_tokens, source);
    block.output_tokens.add(usage.output_tokens, source);
  } else if (usage.provenance == call::Provenance::kEstimate) {
    counter(block, ModelCounter::kEstimatedInput).add(usage.input_tokens, source);
    counter(block, ModelCounter::kEstimatedOutput).add(usage.output_tokens, source);
  }
}

// Only one try of a call has brought content: what was relayed is not tried again.
void ShardMetrics::observe_pace(ModelBlock& block, const call::TryRecord& attempt, const call::Usage& usage,
                                const ExemplarSource& source) {
  if (attempt.time_to_first_token)
    histogram(block, ModelHistogram::kFirstToken).observe(*attempt.time_to_first_token, source);
  if (attempt.time_to_first_byte_sent)
    histogram(block, ModelHistogram::kFirstByte).observe(*attempt.time_to_first_byte_sent, source);
  if (std::ranges::none_of(attempt.gaps.counts, [](std::uint32_t count) { return count > 0; })) return;
  histogram(block, ModelHistogram::kInterToken).add(attempt.gaps.counts, attempt.gaps.sum);
  if (attempt.gaps.stalls > 0) counter(block, ModelCounter::kStalls).add(attempt.gaps.stalls, source);
  if (const auto rate = tokens_per_second(attempt.gaps, usage))
    histogram(block, ModelHistogram::kTokensPerSecond).observe(*rate, source);
}

void ShardMetrics::count_details(ModelBlock& block, const call::CallRecord& call,
                                 const ExemplarSource& source) {
  histogram(block, ModelHistogram::kGateway).observe(call.gateway_time, source);
  const call::Usage& usage = call.usage;
  if (usage.provenance == call::Provenance::kProvider) {
    for (const auto& [which, tokens] : {std::pair(ModelCounter::kCacheRead, usage.cache_read_tokens),
                                        std::pair(ModelCounter::kCacheWrite, usage.cache_write_tokens),
                                        std::pair(ModelCounter::kReasoning, usage.reasoning_tokens)})
      if (tokens > 0) counter(block, which).add(tokens, source);
  }
  counter(block, counter_of(usage.provenance)).add(1, source);
  if (call.undelivered_tokens > 0)
    counter(block, ModelCounter::kUndelivered).add(call.undelivered_tokens, source);
}

CallCounter& ShardMetrics::shown(Lazy<CallCounter>& lazy, Metric metric, const AgentBlock& agent,
                                 const LabelBase& base, std::string_view last) {
  if (lazy.is_published) [[likely]]
    return lazy.cell;
  lazy.is_published = true;
  agent.group->series.publish({metric, &base, std::string(last), &lazy.cell});
  return lazy.cell;
}

CallCounter& ShardMetrics::requests(ModelBlock& block, call::Outcome outcome) {
  return shown(block.requests[index_of(outcome)], Metric::kLlmRequests, *block.agent, block.labels,
               name_of(outcome));
}

CallCounter& ShardMetrics::finalized(AgentBlock& block, call::Outcome outcome) {
  return shown(block.finalized[index_of(outcome)], Metric::kLlmAccountingFinalized, block, block.labels,
               name_of(outcome));
}

CallCounter& ShardMetrics::counter(ModelBlock& block, ModelCounter which) {
  const auto& [metric, last] = kCounterSeries[index_of(which)];
  return shown(block.counters[index_of(which)], metric, *block.agent, block.labels, last);
}

Histogram& ShardMetrics::histogram(ModelBlock& block, ModelHistogram which) {
  LazyHistogram& lazy = block.histograms[index_of(which)];
  if (lazy) [[likely]]
    return *lazy;
  const Metric metric = kHistogramMetrics[index_of(which)];
  lazy = std::make_unique<Histogram>(family_of(metric).bounds, native_one(metric));
  block.agent->group->series.publish({metric, &block.labels, "", lazy.get()});
  return *lazy;
}

// Gaps between tokens are counted by bucket elsewhere: there is no value to be had.
std::optional<base::Duration> ShardMetrics::native_one(Metric metric) const {
  if (native_ == NativeHistograms::kNo || metric == Metric::kLlmInterToken) return std::nullopt;
  return family_of(metric).one;
}

ShardMetrics::HttpBlock& ShardMetrics::http_block(const HttpView& view) {
  if (const auto found = http_.find(view); found != http_.end()) [[likely]]
    return found->second;
  HttpBlock& block = http_.try_emplace(HttpKey(view), native_one(Metric::kHttpRequestDuration)).first->second;
  block.labels.values = {std::string(view.method), std::string(view.route), status_text(view.status_code)};
  series_.series.publish({Metric::kHttpRequestDuration, &block.labels, "", &block.duration});
  series_.series.publish({Metric::kHttpRequestSummary, &block.labels, "", &block.summary});
  return block;
}

// --- Which block -----------------------------------------------------------------------------------------

// A call of one agent object at a time begins here: others of the same labels are what it was before.
AgentBlock& ShardMetrics::block_to_start(const AgentView& view) {
  if (const auto found = agents_.find(view); found != agents_.end()) [[likely]]
    return *found->second;
  go_on(view.agent->id_text);
  AgentBlock* block = find_block(view);
  if (block == nullptr) block = try_make_block(view);
  if (block == nullptr) return overflow_block(view.provider);
  look_up_by(*block, view.agent);
  return *block;
}

// Where a block was made after a call of it had begun, the call is counted in the overflow block. Which of
// two calls that is does not matter: each block ends as many as it began.
AgentBlock& ShardMetrics::block_to_end(const AgentView& view) {
  const auto found = agents_.find(view);
  AgentBlock* const own = found != agents_.end() ? found->second : find_block(view);
  return own != nullptr && own->in_flight.value() > 0 ? *own : overflow_block(view.provider);
}

AgentBlock* ShardMetrics::find_block(const AgentView& view) {
  const auto [begin, end] = blocks_.equal_range(set_fingerprint(view.provider, *view.agent));
  for (auto found = begin; found != end; ++found) {
    AgentBlock& block = *found->second;
    if (block.provider == view.provider && has_same_labels(*block.agent, *view.agent)) return &block;
  }
  return nullptr;
}

AgentBlock* ShardMetrics::try_make_block(const AgentView& view) {
  const std::uint64_t fingerprint = set_fingerprint(view.provider, *view.agent);
  if (!agent_door_.may_enter(fingerprint) ||
      !agent_door_.budget().try_enter(set_text(view.provider, *view.agent), fingerprint))
    return nullptr;
  auto group = groups_.find(view.agent->id_text);
  if (group == groups_.end()) {
    const auto made = std::make_shared<AgentGroup>(view.agent->id_text);
    series_.groups.publish(made);
    group = groups_.emplace(made->name(), made).first;
  }
  AgentBlock& block = make_block(*group->second, view, agent_base_labels(view.provider, view.agent));
  block.fingerprint = fingerprint;
  blocks_.emplace(fingerprint, &block);
  return &block;
}

AgentBlock& ShardMetrics::overflow_block(std::string_view provider) {
  for (AgentBlock& block : overflow_->agents)
    if (block.provider == provider) return block;
  return make_block(*overflow_, {overflow_agent_, provider}, agent_base_labels(provider, overflow_agent_));
}

AgentBlock& ShardMetrics::make_block(AgentGroup& group, const AgentView& view, LabelBase labels) {
  AgentBlock& block = group.agents.emplace_back();
  block.group = &group;
  block.provider = view.provider;
  block.agent = view.agent;
  block.labels = std::move(labels);
  group.series.publish({Metric::kLlmRequestsInFlight, &block.labels, "", &block.in_flight});
  group.series.publish({Metric::kLlmAccountingStarted, &block.labels, "", &block.started});
  finalized(block, call::Outcome::kCompleted);
  return block;
}

/// So that an agent that changes again and again leaves nothing behind, each block has one at a time.
void ShardMetrics::look_up_by(AgentBlock& block, const model::AgentRef& agent) {
  if (block.looked_up_by) agents_.erase(agents_.find(AgentView{block.looked_up_by, block.provider}));
  block.looked_up_by = agent;
  if (agent) agents_.emplace(AgentKey({agent, block.provider}), &block);
}

ModelBlock& ShardMetrics::model_block(AgentBlock& agent, std::string_view model) {
  if (const auto found = models_.find({&agent, model}); found != models_.end()) [[likely]]
    return *found->second;
  if (agent.group == overflow_.get()) {
    if (const auto found = models_.find({&agent, kOverflow}); found != models_.end()) return *found->second;
    return make_model(agent, kOverflow);
  }
  const std::uint64_t fingerprint = set_fingerprint(agent, model);
  if (!model_door_.may_enter(fingerprint) ||
      !model_door_.budget().try_enter(set_text(agent, model), fingerprint))
    return model_block(overflow_block(agent.provider), kOverflow);
  return make_model(agent, model);
}

ModelBlock& ShardMetrics::make_model(AgentBlock& agent, std::string_view model) {
  ModelBlock& block = agent.group->models.emplace_back();
  block.agent = &agent;
  block.model = model;
  block.labels = llm_labels(agent.provider, model, agent.agent);
  models_.emplace(ModelView{&agent, block.model}, &block);
  agent.group->series.publish({Metric::kLlmTokens, &block.labels, "input", &block.input_tokens});
  agent.group->series.publish({Metric::kLlmTokens, &block.labels, "output", &block.output_tokens});
  agent.group->series.publish({Metric::kLlmBlockedTool, &block.labels, "", &block.blocked_tools});
  agent.group->series.publish({Metric::kLlmBlockedTools, &block.labels, "", &block.blocked_tools});
  return block;
}

TryBlock& ShardMetrics::try_block(ModelBlock& block, int status_code) {
  int status = known_status(status_code);
  const auto find = [&] { return std::ranges::find(block.tries, status, &TryBlock::status_code); };
  auto found = find();
  if (found != block.tries.end()) [[likely]]
    return *found;
  if (block.tries.size() >= kStatusCodesMax) {
    status = kOtherStatus;
    if (found = find(); found != block.tries.end()) return *found;
  }
  TryBlock& made = block.tries.emplace_back(status, native_one(Metric::kLlmRequestDuration));
  block.agent->group->series.publish(
      {Metric::kLlmRequestDuration, &block.labels, status_text(status), &made.duration});
  return made;
}

// --- What becomes of an agent ----------------------------------------------------------------------------

void ShardMetrics::on_agent_changed(const model::AgentRef& before, const model::AgentRef& after) {
  give_up_ended();
  const auto found = groups_.find(before->id_text);
  if (found == groups_.end()) return;
  const GroupRef group = found->second;
  for (AgentBlock& block : group->agents) look_up_by(block, nullptr);
  if (after) return show_known_sets(*group, after);
  group->end_at(retirement_.now() + retirement_.after);
  if (std::ranges::find(ending_, group) == ending_.end()) ending_.push_back(group);
}

// What an agent has been seen with appears at zero under its new labels, so that whoever asks for rates
// sees the first call under them. What was seen under any earlier labels counts: a change may come before
// the first call after the last one.
void ShardMetrics::show_known_sets(AgentGroup& group, const model::AgentRef& agent) {
  for (std::size_t i = 0, known = group.agents.size(); i < known; ++i) {
    const AgentBlock& from = group.agents[i];
    AgentBlock* to = find_block({agent, from.provider});
    if (to == nullptr) to = try_make_block({agent, from.provider});
    if (to == nullptr) continue;
    for (const call::Outcome outcome : kOutcomes)
      if (from.finalized[index_of(outcome)].is_published) finalized(*to, outcome);
  }
  for (std::size_t i = 0, known = group.models.size(); i < known; ++i) {
    const ModelBlock& from = group.models[i];
    AgentBlock* const to_agent = find_block({agent, from.agent->provider});
    if (to_agent == nullptr) continue;
    ModelBlock& to = model_block(*to_agent, from.model);
    if (to.agent != to_agent) continue;  // no place for it
    for (const call::Outcome outcome : kOutcomes)
      if (from.requests[index_of(outcome)].is_published) requests(to, outcome);
    for (const TryBlock& known_try : from.tries) try_block(to, known_try.status_code);
    for (std::size_t k = 0; k < kModelCounters; ++k)
      if (from.counters[k].is_published) counter(to, static_cast<ModelCounter>(k));
    for (std::size_t k = 0; k < kModelHistograms; ++k)
      if (from.histograms[k]) histogram(to, static_cast<ModelHistogram>(k));
  }
}

// A deleted agent that is there again: its series go on, if they are still shown.
void ShardMetrics::go_on(std::string_view agent_id) {
  const auto ending = std::ranges::find(
      ending_, agent_id, [](const GroupRef& group) -> std::string_view { return group->name(); });
  if (ending == ending_.end()) return;
  if (!(*ending)->try_go_on()) give_up(**ending);
  ending_.erase(ending);
}

void ShardMetrics::give_up_ended() {
  if (ending_.empty()) return;
  const base::MonotonicTime now = retirement_.now();
  const std::size_t given_up = std::erase_if(ending_, [&](const GroupRef& group) {
    if (!group->try_end(now)) return false;
    give_up(*group);
    return true;
  });
  if (given_up > 0) series_.groups.take_back([](const SeriesGroupRef& group) { return group->has_ended(); });
}

// Its memory goes with the last who holds it; the scrape shows its series until all shards have ended it.
void ShardMetrics::give_up(AgentGroup& group) {
  for (const ModelBlock& block : group.models) {
    models_.erase({block.agent, block.model});
    model_door_.budget().leave(set_text(*block.agent, block.model));
  }
  for (AgentBlock& block : group.agents) {
    look_up_by(block, nullptr);
    const auto [begin, end] = blocks_.equal_range(block.fingerprint);
    blocks_.erase(std::find_if(begin, end, [&](const auto& entry) { return entry.second == &block; }));
    agent_door_.budget().leave(set_text(block.provider, *block.agent));
  }
  groups_.erase(group.name());
}

}  // namespace archestra::telemetry
