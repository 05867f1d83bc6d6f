#include "telemetry/history/label_sets.h"

#include <utility>

#include "telemetry/metrics/shard_metrics.h"

namespace archestra::telemetry {
namespace {

constexpr std::string_view kUnknown = "unknown";

// With its length, so that no two lists of texts are alike.
void append_text(std::string& key, std::string_view text) {
  const std::size_t size = text.size();
  key.append(reinterpret_cast<const char*>(&size), sizeof(std::uint16_t));
  key.append(text);
}

}  // namespace

// The texts are there twice, in the key and in the set, and the objects around them take the rest.
std::size_t LabelSets::bytes_of(std::string_view key) { return 2 * key.size() + 400; }

const LabelSetRef& LabelSets::set_of(const FinishedRequest& request) {
  const std::string_view model = model_label(request.call);
  const std::string_view agent_id = request.agent_id.empty() ? kUnknown : request.agent_id;
  const std::string_view agent_name = request.agent_id.empty() ? kUnknown : request.agent_name;
  key_.clear();
  for (const std::string_view text : {request.call.route.provider, model, agent_id, agent_name})
    append_text(key_, text);
  for (const LabelView& label : request.labels) {
    append_text(key_, label.key);
    append_text(key_, label.value);
  }
  if (const auto found = sets_.find(std::string_view(key_)); found != sets_.end()) [[likely]]
    return found->second;
  if (sets_.size() >= limits_.sets || bytes_ + bytes_of(key_) > limits_.bytes)
    return overflow_of(request.call.route.provider);
  LabelSet set{.provider = std::string(request.call.route.provider),
               .model = std::string(model),
               .agent_id = std::string(agent_id),
               .agent_name = std::string(agent_name),
               .labels = {}};
  for (const LabelView& label : request.labels)
    set.labels.push_back({.key = std::string(label.key), .value = std::string(label.value)});
  return keep(key_, std::move(set));
}

// Beyond the limits, but there are no more than providers.
const LabelSetRef& LabelSets::overflow_of(std::string_view provider) {
  key_.clear();
  append_text(key_, provider);
  if (const auto found = sets_.find(std::string_view(key_)); found != sets_.end()) return found->second;
  const std::string overflow(kOverflow);
  return keep(key_, {.provider = std::string(provider),
                     .model = overflow,
                     .agent_id = overflow,
                     .agent_name = overflow,
                     .labels = {},
                     .is_overflow = true});
}

const LabelSetRef& LabelSets::keep(std::string_view key, LabelSet set) {
  bytes_ += bytes_of(key);
  return sets_.emplace(std::string(key), std::make_shared<const LabelSet>(std::move(set))).first->second;
}

void LabelSets::drop_unused() {
  std::erase_if(sets_, [this](const auto& entry) {
    if (entry.second.use_count() > 1) return false;
    bytes_ -= bytes_of(entry.first);
    return true;
  });
}

}  // namespace archestra::telemetry
