#include "telemetry/otlp/attributes.h"

#include <cstring>

namespace archestra::telemetry::otlp {
namespace {

// A field of ArrayValue.
constexpr std::uint32_t kArrayValues = 1;

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

}  // namespace archestra::telemetry::otlp
