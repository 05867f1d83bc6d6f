#include "agents/label_rules.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/json_text.h"

namespace archestra::agents {
namespace {

struct Text {
  std::size_t characters = 0;
  bool is_utf8 = true;
  bool has_control = false;
};

// Of a text that may be anything. C0, DEL and C1 are control characters (Unicode category Cc).
Text look_at(std::string_view text) {
  Text seen;
  while (!text.empty()) {
    const std::size_t length = base::utf8_sequence_length(text);
    if (length == 0) {
      seen.is_utf8 = false;
      return seen;
    }
    const auto first = static_cast<unsigned char>(text[0]);
    const bool is_c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (first < 0x20 || first == 0x7f || is_c1) seen.has_control = true;
    ++seen.characters;
    text.remove_prefix(length);
  }
  return seen;
}

std::optional<std::string> text_fault(std::string_view what, std::string_view text, std::size_t min,
                                      std::size_t max) {
  const Text seen = look_at(text);
  if (!seen.is_utf8) return fmt::format("{} is not valid UTF-8.", what);
  if (seen.has_control) return fmt::format("{} has control characters.", what);
  if (seen.characters < min) return fmt::format("{} is empty.", what);
  if (seen.characters > max)
    return fmt::format("{} has {} characters; it may have {}.", what, seen.characters, max);
  return std::nullopt;
}

// Of a key whose characters are fine.
std::optional<std::string> key_fault(std::string_view key, std::string_view metric_name,
                                     const MetricNames& metrics) {
  if (key == "id" || key == "name")
    return fmt::format(
        "The label key \"{0}\" collides with the attribute agent.{0} that every span has. Choose another "
        "key.",
        key);
  if (key.starts_with("__"))
    return fmt::format("The label key \"{}\" starts with \"__\", which Prometheus keeps for itself.", key);
  if (metrics.is_reserved(metric_name)) {
    return key == metric_name
               ? fmt::format("The label key \"{}\" collides with the label of that name that metrics have.",
                             key)
               : fmt::format(
                     "The label key \"{}\" becomes \"{}\" in metrics and collides with the label of that "
                     "name that they have.",
                     key, metric_name);
  }
  return std::nullopt;
}

// Of a label for itself, the `number`th of its agent.
std::optional<std::string> own_fault(std::size_t number, const model::Label& label,
                                     std::string_view metric_name, const MetricNames& metrics) {
  if (auto fault =
          text_fault(fmt::format("The key of label {}", number), label.key, 1, kLabelKeyCharactersMax))
    return fault;
  if (auto fault = key_fault(label.key, metric_name, metrics)) return fault;
  return text_fault(fmt::format("The value of label \"{}\"", label.key), label.value, 0,
                    kLabelValueCharactersMax);
}

std::string collision(std::string_view earlier, std::string_view key, std::string_view metric_name) {
  if (earlier == key) return fmt::format("The label key \"{}\" occurs twice.", key);
  return fmt::format("The label keys \"{}\" and \"{}\" collide: both become \"{}\" in metrics.", earlier, key,
                     metric_name);
}

}  // namespace

std::optional<std::string> name_fault(std::string_view name) {
  return text_fault("The name", name, 1, kNameCharactersMax);
}

std::vector<LabelFinding> look_at_labels(std::span<const model::Label> labels, const MetricNames& metrics) {
  std::vector<LabelFinding> findings;
  std::map<std::string, std::string_view> keys;  // of the good ones, by what they are called in metrics
  for (const model::Label& label : labels) {
    LabelFinding& finding = findings.emplace_back();
    finding.metric_name = metrics.name_of_key(label.key);
    finding.fault = own_fault(findings.size(), label, finding.metric_name, metrics);
    if (finding.fault) continue;
    const auto [same, is_first] = keys.emplace(finding.metric_name, label.key);
    if (!is_first) finding.fault = collision(same->second, label.key, finding.metric_name);
  }
  return findings;
}

std::optional<std::string> label_count_fault(std::size_t count) {
  if (count <= kLabelsMax) return std::nullopt;
  return fmt::format("There are {} labels; an agent may have {}.", count, kLabelsMax);
}

std::optional<std::string> labels_fault(std::span<const model::Label> labels, const MetricNames& metrics) {
  if (auto fault = label_count_fault(labels.size())) return fault;
  for (LabelFinding& finding : look_at_labels(labels, metrics))
    if (finding.fault) return std::move(finding.fault);
  return std::nullopt;
}

}  // namespace archestra::agents
