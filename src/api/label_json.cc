#include "api/label_json.h"

#include <span>
#include <string>
#include <utility>

#include "base/json_text.h"
#include "telemetry/metrics/catalogue.h"
#include "telemetry/metrics/labels.h"

namespace archestra::api {
namespace {

namespace dom = simdjson::dom;
using std::string_view;

constexpr std::size_t kLabelsMax = 1000;

Fault read_label(std::size_t index, const dom::element& value, model::Label& label) {
  static constexpr string_view kFields[] = {"key", "value"};
  const std::string where = fmt::format("labels[{}]", index);
  dom::object object;
  if (value.get_object().get(object)) return wrong_type(where, "an object with key and value", value);
  if (auto bad = check_fields(object, where, kFields)) return bad;
  for (const string_view field : kFields) {
    const std::string name = fmt::format("{}.{}", where, field);
    dom::element given;
    if (object.at_key(field).get(given)) return fault("\"{}\" is missing.", name);
    if (auto bad = read_string(name, given, field == "key" ? label.key : label.value)) return bad;
  }
  return std::nullopt;
}

Fault read_draft(string_view body, std::vector<model::Label>& labels) {
  static constexpr string_view kFields[] = {"labels"};
  dom::parser parser;
  dom::object object;
  if (auto bad = read_object(parser, body, "a draft of labels", kFields, object)) return bad;
  dom::element given;
  if (object.at_key("labels").get(given)) return fault("\"labels\" is missing.");
  return read_labels(given, labels);
}

void append_text(std::string& out, string_view name, const std::optional<std::string>& text) {
  out.append(",\"").append(name).append("\":");
  if (text)
    base::append_json_string(out, *text);
  else
    out += "null";
}

}  // namespace

agents::MetricNames metric_names() {
  return {.name_of_key = telemetry::label_name_from, .is_reserved = telemetry::is_reserved_label};
}

Fault read_labels(const dom::element& value, std::vector<model::Label>& out) {
  dom::array array;
  if (value.get_array().get(array))
    return wrong_type("labels", "a list of objects with key and value", value);
  if (array.size() > kLabelsMax)
    return fault("There are {} labels; no more than {} are looked at.", array.size(), kLabelsMax);
  for (const dom::element item : array) {
    const std::size_t index = out.size();
    if (auto bad = read_label(index, item, out.emplace_back())) return bad;
  }
  return std::nullopt;
}

ServiceAnswer check_labels(string_view body) {
  std::vector<model::Label> labels;
  if (const auto bad = read_draft(body, labels)) return invalid_request(bad->message);
  const auto findings = agents::look_at_labels(labels, metric_names());
  std::string out = R"({"labels":[)";
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string& key = labels[i].key;
    const bool is_named = !key.empty();
    if (i > 0) out += ',';
    out += R"({"key":)";
    base::append_json_string(out, key);
    append_text(out, "metricLabel", is_named ? std::optional(findings[i].metric_name) : std::nullopt);
    append_text(out, "spanAttribute", is_named ? std::optional("agent." + key) : std::nullopt);
    append_text(out, "problem", findings[i].fault);
    out += '}';
  }
  out += ']';
  append_text(out, "problem", agents::label_count_fault(labels.size()));
  return json_answer(200, out += '}');
}

}  // namespace archestra::api
