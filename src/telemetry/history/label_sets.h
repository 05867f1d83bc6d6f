// What series of the history are kept for: one set for each combination of provider, model, and agent with
// its labels as they were at the call, shared by all slots that have calls of it. Bounded in number and
// bytes: the calls of what finds no place are counted in one set of their provider. A set nobody has figures
// of any more makes room. For the thread that holds the history's lock; sets themselves are immutable.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/agent.h"
#include "telemetry/trace/span_record.h"

namespace archestra::telemetry {

struct LabelSet {
  std::string provider;
  std::string model;       ///< as the label of metrics: model_label()
  std::string agent_id;    ///< "unknown" for none
  std::string agent_name;  ///< likewise
  std::vector<model::Label> labels;
  bool is_overflow = false;  ///< for what found no place; kOverflow stands for what was told apart
};
using LabelSetRef = std::shared_ptr<const LabelSet>;

class LabelSets {
 public:
  struct Limits {
    std::size_t sets = 2000;
    std::size_t bytes = std::size_t{4} << 20;
  };
  explicit LabelSets(const Limits& limits) : limits_(limits) {}

  /// The set of a call: request.request.call is there.
  const LabelSetRef& set_of(const FinishedRequest& request);
  /// Forgets the sets that nobody else holds.
  void drop_unused();

  std::size_t size() const { return sets_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  const LabelSetRef& overflow_of(std::string_view provider);
  const LabelSetRef& keep(std::string_view key, LabelSet set);
  static std::size_t bytes_of(std::string_view key);

  const Limits limits_;
  std::unordered_map<std::string, LabelSetRef, Hash, std::equal_to<>> sets_;  // by all of their texts
  std::size_t bytes_ = 0;
  std::string key_;  // reused
};

}  // namespace archestra::telemetry
