// Labels of series: from an agent's labels and the values a recorder gives, to what expositions want.
// Pure functions; what they refuse (clashing or empty labels) is left out, never an error, because
// one bad label would make Prometheus refuse the whole scrape.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "model/agent.h"

namespace archestra::telemetry {

struct Label {
  std::string name;
  std::string value;
  bool operator==(const Label&) const = default;
};
using Labels = std::vector<Label>;

/// What the series of one block have in common: the values of the first labels of their families,
/// and the agent's own labels.
struct LabelBase {
  std::vector<std::string> values;
  Labels agent_labels;
};

/// `cost-center` becomes `cost_center`: a name that matches [a-zA-Z_][a-zA-Z0-9_]* and does not start
/// with the reserved `__`.
std::string label_name_from(std::string_view key);

/// The labels of an agent as they go on metrics, sorted by name. Left out are empty values (Prometheus
/// takes an empty label for a missing one), names of our own, and the second of two equal names.
Labels agent_labels(const model::Agent& agent);

/// {provider, model, agent id, agent name} and the agent's labels; a null agent is "unknown".
LabelBase llm_labels(std::string_view provider, std::string_view model, const model::AgentRef& agent);
/// The same without the model.
LabelBase agent_base_labels(std::string_view provider, const model::AgentRef& agent);

/// A few labels, perhaps none, as formats want them; made once, written in each scrape.
struct LabelPart {
  Labels pairs;      ///< valid UTF-8
  std::string text;  ///< `a="x",b="y"`, with backslash, quote and line end escaped
  auto operator<=>(const LabelPart& other) const { return text <=> other.text; }
  bool operator==(const LabelPart& other) const { return text == other.text; }
};
/// Bad UTF-8 is replaced.
LabelPart label_part(Labels labels);

}  // namespace archestra::telemetry
