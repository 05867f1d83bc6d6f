#include "telemetry/metrics/labels.h"

#include <algorithm>
#include <utility>

#include "telemetry/metrics/catalogue.h"
#include "telemetry/text.h"

namespace archestra::telemetry {
namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

std::string label_name_from(std::string_view key) {
  std::string name;
  name.reserve(key.size() + 1);
  if (!key.empty() && key[0] >= '0' && key[0] <= '9') name += '_';
  for (const char c : key) name += is_name_char(c) ? c : '_';
  const std::size_t first = name.find_first_not_of('_');
  if (first == std::string::npos) return "_";
  if (first > 1) name.erase(0, first - 1);
  return name;
}

Labels agent_labels(const model::Agent& agent) {
  Labels labels;
  for (const model::Label& label : agent.labels) {
    std::string name = label_name_from(cut_text(label.key, kLabelKeyBytesMax));
    if (label.value.empty() || is_reserved_label(name)) continue;
    if (std::ranges::find(labels, name, &Label::name) != labels.end()) continue;
    labels.push_back({std::move(name), std::string(cut_text(label.value, kLabelValueBytesMax))});
  }
  std::ranges::sort(labels, {}, &Label::name);
  return labels;
}

LabelBase agent_base_labels(std::string_view provider, const model::AgentRef& agent) {
  if (!agent) return {{std::string(provider), "unknown", "unknown"}, {}};
  return {{std::string(provider), agent->id_text, std::string(cut_text(agent->name, kAgentNameBytesMax))},
          agent_labels(*agent)};
}

LabelBase llm_labels(std::string_view provider, std::string_view model, const model::AgentRef& agent) {
  LabelBase base = agent_base_labels(provider, agent);
  base.values.insert(base.values.begin() + 1, std::string(model));
  return base;
}

LabelPart label_part(Labels labels) {
  LabelPart part{.pairs = std::move(labels), .text = {}};
  std::string scratch;
  for (Label& label : part.pairs) {
    if (const std::string_view valid = as_valid_utf8(label.value, scratch); valid != label.value)
      label.value = valid;
    if (!part.text.empty()) part.text += ',';
    part.text.append(label.name).append("=\"");
    append_escaped(part.text, label.value);
    part.text += '"';
  }
  part.pairs.shrink_to_fit();
  part.text.shrink_to_fit();
  return part;
}

}  // namespace archestra::telemetry
