// What an agent may be called and how it may be labelled. Pure functions. A refusal is a sentence for the
// person who made the request: it names what is wrong and, where names collide, with what.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/agent.h"

namespace archestra::agents {

// In characters: code points of UTF-8.
inline constexpr std::size_t kNameCharactersMax = 255;
inline constexpr std::size_t kLabelKeyCharactersMax = 63;
inline constexpr std::size_t kLabelValueCharactersMax = 255;
inline constexpr std::size_t kLabelsMax = 32;  ///< of one agent

/// What metrics make of a label's key, which telemetry knows.
struct MetricNames {
  std::string (*name_of_key)(std::string_view key);  ///< "cost-center" becomes "cost_center"
  bool (*is_reserved)(std::string_view name);        ///< a label that the metrics have anyway
};

/// Why `name` cannot be an agent's name; nothing where it can.
std::optional<std::string> name_fault(std::string_view name);

/// What is said of one label among those of its agent.
struct LabelFinding {
  std::string metric_name;           ///< what metrics make of its key
  std::optional<std::string> fault;  ///< why it cannot be there; of two that collide the later one's
};
/// One for each, in their order.
std::vector<LabelFinding> look_at_labels(std::span<const model::Label> labels, const MetricNames& metrics);

/// Why there cannot be so many; nothing where there can.
std::optional<std::string> label_count_fault(std::size_t count);

/// Why these cannot be the labels of one agent, all rules together; nothing where they can.
std::optional<std::string> labels_fault(std::span<const model::Label> labels, const MetricNames& metrics);

}  // namespace archestra::agents
