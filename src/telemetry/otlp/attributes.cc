#include "telemetry/otlp/attributes.h"

#include <algorithm>
#include <cstring>

#include "telemetry/otlp/attribute_names.h"
#include "telemetry/text.h"

namespace archestra::telemetry::otlp {
namespace {

// A field of ArrayValue.
constexpr std::uint32_t kArrayValues = 1;

bool is_left_out(std::span<const LabelView> labels, std::size_t index) {
  const std::string_view key = labels[index].key;
  const auto earlier = labels.first(index);
  return key.empty() || hides_agent(key) ||
         std::ranges::any_of(earlier, [&](const LabelView& label) { return label.key == key; });
}

}  // namespace

void AttributeWriter::real(std::string_view key, double value) {
  char* at = put_tag(begin(key, 1 + sizeof value), kDoubleValue, WireType::kFixed64);
  std::memcpy(at, &value, sizeof value);
  out_.written_to(at + sizeof value);
}

void AttributeWriter::strings(std::string_view key, std::span<const std::string_view> values) {
  const auto list = out_.begin_message(field_);
  out_.bytes_field(kKey, key);
  const auto value = out_.begin_message(kValue);
  const auto array = out_.begin_message(kArrayValue);
  for (const std::string_view text : values) {
    const auto item = out_.begin_message(kArrayValues);
    out_.string_field(kStringValue, text);
    out_.end_message(item);
  }
  out_.end_message(array);
  out_.end_message(value);
  out_.end_message(list);
}

void put_agent_labels(AttributeWriter& attributes, std::span<const LabelView> labels) {
  std::string key;
  std::string scratch;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (is_left_out(labels, i)) continue;
    key.assign(kAgentLabelPrefix).append(as_valid_utf8(labels[i].key, scratch));
    attributes.string(key, labels[i].value);
  }
}

}  // namespace archestra::telemetry::otlp
